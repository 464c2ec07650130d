import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Call } from '../../../../gateway/delivery/tuya/client.ts';
import { DeviceBook } from '../../../../gateway/delivery/tuya/devices.ts';
import { takeCommands } from '../../../../gateway/delivery/tuya/down/commands-down.ts';
import type { Answer } from '../../../../gateway/delivery/tuya/envelope.ts';
import type { TuyaLink } from '../../../../gateway/delivery/tuya/link.ts';
import { tuyaTables } from '../../../../gateway/delivery/tuya/tables.ts';
import { systemClock as clock } from '../../../../gateway/lib/clock.ts';
import { openTables } from './sqlite-table-store.ts';

const lasting = new AbortController().signal;
const registered: Answer = { ok: true, result: { device_id: 'c1' } };

/** A book whose registrations are answered by the test. */
function openBook(t: TestContext) {
  const store = openTables(tuyaTables);
  t.after(() => store[Symbol.dispose]());
  const waiting = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Answer>();
  const call = ({ target }: Call): Promise<Answer> => {
    if (!target.endsWith('/register')) return Promise.resolve({ ok: true, result: true });
    waiting.resolve();
    return answer.promise;
  };
  const book = new DeviceBook({ store, clock, productOf: () => 'p', call });
  const admitted = book.admit('house', 'tasmota:lamp', lasting);
  return { book, admitted, isAsked: waiting.promise, answer };
}

test('a device that the cloud has just registered is known by its id there, although the answer is still on its way', async (t) => {
  const { book, admitted, isAsked, answer } = openBook(t);
  await isAsked;
  const found = book.deviceOf('c1');
  answer.resolve(registered);
  assert.equal(await found, 'tasmota:lamp');
  assert.deepEqual(await admitted, { is: 'ready', cloudId: 'c1' });
  assert.equal(await book.deviceOf('c2'), undefined);
  assert.equal(await book.isUnsure(), false);
});

test('a command for a device nobody knows is refused only where no registration is without an end', async (t) => {
  const { book, admitted, isAsked, answer } = openBook(t);
  const told: string[] = [];
  const caller = {
    call: async (_what: string, { payload = '' }: Call): Promise<Answer> => {
      told.push(payload);
      return { ok: true, result: true };
    },
  };
  const link = { book, caller, clock, products: { of: assert.fail } } as unknown as TuyaLink;
  const commands = { submit: () => assert.fail('it is none of ours') };
  const wish = { commands: [{ command_id: '1', device_id: 'c2', commands: [{ code: 'switch', value: true }] }] };
  const take = () => takeCommands(wish, clock.wallMs(), { link, commands } as never, lasting);

  await isAsked;
  answer.resolve({ ok: false, class: 'unknown', code: '1', reason: 'lost' });
  await admitted;
  await take();
  assert.deepEqual(told, [], 'c2 may be the lamp');

  await book.removed('house', 'tasmota:lamp');
  await take();
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /no such device/);
});
