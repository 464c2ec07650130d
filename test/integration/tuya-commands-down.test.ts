import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { BackoffPolicy } from '../../gateway/lib/backoff.ts';
import { startDownlink, type DownlinkDeps } from '../../gateway/delivery/tuya/down/start-downlink.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { VirtualTime } from '../unit/delivery/virtual-time.ts';
import { memoryCommands } from './memory-commands.ts';
import { batchOf, commandResult } from './tuya-batch.ts';
import { openTuyaRig, type RigTuning } from './tuya-rig.ts';

const lasting = new AbortController().signal;
const quick: BackoffPolicy = { firstMs: 20, ceilingMs: 100, floorMs: 5, stableMs: 60_000 };
const poll = '/v1.0/iot-03/3rdcloud/commands/poll';

/** A lamp that the cloud knows, and the gateway's end of the long poll. */
async function setUp(t: TestContext, tuning: RigTuning = {}) {
  const rig = await openTuyaRig(t, tuning);
  await rig.sink.write(batchOf(['lamp']), lasting);
  const [device] = await rig.devices();
  const commands = memoryCommands();
  const start = (more: Pick<DownlinkDeps, 'cutMs'> = {}) => {
    const deps = { link: rig.sink.link, store: rig.store, log: rig.log, commands, backoff: quick, ...more };
    return rig.stack.use(startDownlink({ secret: rig.options.secret, pollMs: 500, graceMs: 500 }, deps));
  };
  const ask = (...codes: readonly { code: string; value: unknown }[]) =>
    rig.addCommand({ device_id: device?.device_id, commands: codes });
  const stateOf = async (id: string) => (await rig.commands()).find(({ command_id }) => command_id === id);
  const settled = (id: string, state: string) =>
    waitUntil(`the command is ${state}`, async () => (await stateOf(id))?.state === state);
  const has = (count: number) => waitUntil(`${count} commands are kept`, () => commands.kept.length === count);
  return { ...rig, has, device, port: commands, start, ask, stateOf, settled };
}

test('a command of the cloud is done once, and answered from the log when it has ended', async (t) => {
  const { start, ask, port, has, settled, stateOf, sink } = await setUp(t);
  start();
  const { command_id: id } = await ask({ code: 'switch_state_0', value: true });
  await has(1);
  const [kept] = port.kept;
  const { ttlMs = 0, ageMs = -1 } = kept ?? {};
  assert.ok(ageMs >= 0 && ageMs < 600_000, 'its age by the clock of the cloud');
  assert.deepEqual(kept, {
    ttlMs,
    ageMs,
    id: `tuya:${id}`,
    device: 'lamp',
    name: 'switch',
    args: { on: true, ep: '0' },
    source: 'cloud',
    priority: 4,
  });
  assert.ok(ttlMs > 500_000 && ttlMs <= 600_000, `ten minutes of the cloud: ${ttlMs}`);
  assert.equal((await stateOf(id))?.state, 'sent');
  await sink.write(batchOf(['lamp', commandResult(`tuya:${id}`, 'acked')]), lasting);
  await settled(id, 'acked');
});

test('several data points become as few commands as can be, each with its part in the id', async (t) => {
  const { start, ask, port, has } = await setUp(t);
  start();
  const values = {
    light_brightness: 40,
    switch_state_0: false,
    light_color_temp: 2_700,
    setpoint_heat_1: 21.5,
    position: 30,
  };
  const { command_id: id } = await ask(...Object.entries(values).map(([code, value]) => ({ code, value })));
  await has(4);
  assert.deepEqual(
    port.kept.map(({ id: ours, name, args }) => [ours.slice(`tuya:${id}`.length), name, args]),
    [
      ['/1.4', 'light', { brightness: 40, color_temp: 2_700 }],
      ['/2.4', 'switch', { on: false, ep: '0' }],
      ['/3.4', 'setpoint', { celsius: 21.5, ep: '1' }],
      ['/4.4', 'cover', { position: 30 }],
    ],
  );
});

test('a raw value of the product means what the device speaks of; one outside of it is refused', async (t) => {
  const dataPoints = new Map([
    ['temp_set', { type: 'value', scale: 1, min: 50, max: 300, metric: 'setpoint.heat' } as const],
  ]);
  const { start, ask, port, has, settled } = await setUp(t, { sink: { dataPoints } });
  start();
  await ask({ code: 'temp_set', value: 215 });
  await has(1);
  assert.deepEqual(port.kept[0]?.args, { celsius: 21.5 });
  const { command_id: hot } = await ask({ code: 'temp_set', value: 900 });
  await settled(hot, 'failed');
});

test('an action and a command with arguments of its own are handed over by name', async (t) => {
  const { start, ask, addCommand, device, port, has } = await setUp(t);
  start();
  const action = { action_code: 'valve_close', input_params: { slowly: true } };
  const { command_id: id } = await addCommand({ device_id: device?.device_id, action });
  await has(1);
  await ask({ code: 'identify', value: { seconds: 3 } });
  await has(2);
  assert.deepEqual(
    port.kept.map(({ name, args }) => [name, args]),
    [
      ['valve_close', { slowly: true }],
      ['identify', { seconds: 3 }],
    ],
  );
  assert.equal(port.kept[0]?.id, `tuya-action:${id}`);
});

test('what can never be done is answered at once, and says why', async (t) => {
  const { start, ask, port, settled, stateOf, sink, addCommand } = await setUp(t);
  port.unknown.add('switch');
  start();
  const { command_id: odd } = await ask({ code: 'no_such_code', value: 1 });
  const { command_id: wrong } = await ask({ code: 'switch_state', value: 'yes' });
  const { command_id: unable } = await ask({ code: 'switch_state', value: true });
  for (const id of [odd, wrong, unable]) await settled(id, 'failed');
  assert.match((await stateOf(unable))?.message ?? '', /^COMMAND_INVALID: The device cannot do that\.$/);
  assert.deepEqual(port.kept, []);
  await sink.link.book.removed('gw-test', 'lamp');
  const { command_id: late } = await addCommand({
    device_id: (await stateOf(odd))?.device_id,
    commands: [{ code: 'x' }],
  });
  await settled(late, 'failed');
});

test('a command that comes again is not done again, and answered when its answer was lost', async (t) => {
  const { start, ask, port, settled, mock } = await setUp(t);
  start();
  const { command_id: id } = await ask({ code: 'switch_state', value: true });
  await waitUntil('the command is kept', () => port.kept.length === 1);
  await mock('DELETE', 'commands/leases');
  await waitUntil('the command came again', () => port.submits === 2);
  port.end(`tuya:${id}`, 'expired');
  await mock('DELETE', 'commands/leases');
  await settled(id, 'failed');
  assert.equal(port.kept.length, 1);
});

test('commands whose answer was lost on the way come again', async (t) => {
  const { start, ask, has, fault, mock } = await setUp(t);
  await ask({ code: 'switch_state', value: true });
  await fault({ kind: 'lost-answer', path: poll });
  start();
  await waitUntil('the answer is lost', async () => ((await mock('GET', 'faults')) as unknown[]).length === 0);
  await waitUntil('the lease has begun', async () => {
    const [command] = (await mock('GET', 'commands')) as { sent: number }[];
    return command?.sent === 1;
  });
  await mock('DELETE', 'commands/leases');
  await has(1);
});

test('a full queue of commands answers nothing: the command comes again', async (t) => {
  const { start, ask, port, has, mock, stateOf } = await setUp(t);
  port.overloaded = 1;
  const { command_id: id } = await ask({ code: 'switch_state', value: true });
  start();
  await waitUntil('the queue was full', () => port.overloaded === 0);
  assert.equal((await stateOf(id))?.state, 'sent');
  await mock('DELETE', 'commands/leases');
  await has(1);
});

for (const fault of [
  { kind: 'half-open', count: 2 },
  { kind: 'refuse', count: 3 },
  { kind: '5xx', count: 3 },
  { kind: 'token-expiry', count: 3 },
  { kind: 'code', code: 1110, count: 3 },
]) {
  const what = 'code' in fault ? `code ${fault.code}` : fault.kind;
  test(`the poll goes on after ${what}`, async (t) => {
    const { start, ask, has, fault: arm, mock } = await setUp(t);
    await arm({ ...fault, path: poll });
    start();
    await waitUntil('the fault is over', async () => ((await mock('GET', 'faults')) as unknown[]).length === 0);
    await ask({ code: 'switch_state', value: true });
    await has(1);
  });
}

test('a cloud without the path is asked again after an hour, or when somebody resumes', async (t) => {
  const { start, ask, port, has, fault: arm, clearFaults, lines } = await setUp(t);
  let retried = 0;
  const ear = listen('retried', ({ stage }) => (retried += stage === 'tuya-commands' ? 1 : 0));
  t.after(() => ear[Symbol.dispose]());
  await arm({ kind: 'code', code: 1004, forMs: 60_000, path: poll });
  const poller = start();
  await waitUntil('the poll was refused', () => retried === 1);
  await clearFaults();
  await ask({ code: 'switch_state', value: true });
  assert.deepEqual(port.kept, []);
  poller.resume();
  await has(1);
  assert.equal(lines.filter((line) => line.includes('"poll":"commands"')).length, 1);
});

test('a stop ends a poll that waits', async (t) => {
  const { start, fault: arm } = await setUp(t);
  await arm({ kind: 'half-open', forMs: 60_000, path: poll });
  await start()[Symbol.asyncDispose]();
});

test('a clock that jumps changes neither the life of a command nor the poll', async (t) => {
  const clock = new VirtualTime();
  clock.setWall(Date.now() - 10 * 365 * 86_400_000);
  const { start, ask, port, has } = await setUp(t, { clock });
  start();
  await ask({ code: 'switch_state', value: true });
  await has(1);
  clock.setWall(Date.now() + 30 * 86_400_000);
  await ask({ code: 'switch_state', value: false });
  await has(2);
  for (const { ttlMs } of port.kept) assert.ok(ttlMs > 500_000 && ttlMs <= 600_000, String(ttlMs));
});

test('while the uplink is cut for a test no command is fetched, and one that was on its way comes again', async (t) => {
  const { start, ask, port, has, stateOf, mock } = await setUp(t);
  let isCut = true;
  let polls = 0;
  using _retries = listen('retried', ({ stage }) => {
    if (stage === 'tuya-commands') polls += 1;
  });
  start({ cutMs: () => (isCut ? 5 : 0) });
  const { command_id: id } = await ask({ code: 'switch_state_0', value: true });
  await waitUntil('it would have been fetched', () => polls > 5);
  assert.deepEqual([port.kept, (await stateOf(id))?.state], [[], 'queued']);
  isCut = false;
  await has(1);

  // The poll that waits at the cloud gets its answer while nothing may come.
  isCut = true;
  const { command_id: late } = await ask({ code: 'switch_state_0', value: false });
  const before = polls;
  await waitUntil('its answer has come', () => polls > before);
  assert.equal(port.kept.length, 1);
  isCut = false;
  await mock('DELETE', 'commands/leases');
  await waitUntil('it came again', () => port.kept.some((kept) => kept.id === `tuya:${late}`));
});
