import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thirdId } from '../../gateway/delivery/tuya/third-id.ts';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { lampId, plugIn } from '../harness/lamp.ts';
import { waitUntil } from '../harness/wait-until.ts';

test('the app of the cloud switches a lamp: once, although the command comes twice, or it hears that it expired or came too late', async (t) => {
  const gateway = 'house';
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, { config: { gateway, cloud: cloud.config, commands: { quietSeconds: 0 } } });
  await using lamp = await plugIn(daemon);
  const third = thirdId(gateway, lampId);
  await waitUntil('the cloud knows the lamp', async () =>
    (await cloud.devices()).some(({ third_id }) => third_id === third),
  );
  const ask = async (value: boolean, more: object = {}): Promise<string> => {
    const wish = { third_id: third, commands: [{ code: 'switch_state', value }], ...more };
    return (await cloud.addCommand(wish)).command_id;
  };
  const ended = async (id: string): Promise<{ state: string; message?: string }> => {
    const one = async () => (await cloud.commands()).find(({ command_id }) => command_id === id);
    await waitUntil('the cloud hears of the end', async () => !['queued', 'sent'].includes((await one())?.state ?? ''));
    const { state = '', message } = (await one()) ?? {};
    return { state, ...(message !== undefined && { message }) };
  };

  const on = await ask(true);
  await waitUntil('the lamp is on', () => lamp.on);
  // The cloud lends it again, whether its answer was heard or not.
  await cloud.mock('DELETE', 'commands/leases');
  assert.deepEqual(await ended(on), { state: 'acked' });
  await lamp[Symbol.asyncDispose]();

  const late = await ask(false, { ttl_ms: 2_000 });
  const { state, message } = await ended(late);
  assert.equal(state, 'failed');
  assert.match(message ?? '', /^COMMAND_EXPIRED: /);
  const waiting = await ask(false);
  await using back = await plugIn(daemon);
  assert.deepEqual(await ended(waiting), { state: 'acked' });

  const act = async (action_code: string, input_params: object): Promise<string> =>
    (await cloud.addCommand({ third_id: third, action: { action_code, input_params } })).command_id;
  assert.equal((await ended(await act('switch', { on: true }))).state, 'acked');
  const { state: refused, message: why = '' } = await ended(await act('fly', {}));
  assert.equal(refused, 'failed');
  assert.match(why, /COMMAND_INVALID/);

  // Somebody switched it in the app before all that, and the way here was cut.
  const outdated = await ended(await ask(false, { ago_ms: 120_000 }));
  assert.equal(outdated.state, 'failed');
  assert.match(outdated.message ?? '', /CONFLICT: switch\.state changed here/);

  assert.deepEqual([lamp.told, back.told], [['ON'], ['OFF', 'ON']]);
});
