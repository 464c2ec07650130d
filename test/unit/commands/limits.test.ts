import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLimits } from '../../../gateway/commands/limits.ts';
import { openRig } from './rig.ts';

const limits = {
  metrics: { 'setpoint.heat': { min: 5, max: 25, perHour: 2 }, position: { perHour: 1 } },
  commands: { set: { perHour: 5, args: { speed: { max: 3 } } } },
};
const wish = (name: string, args: Record<string, number | string | boolean>, source: 'rules' | 'api' = 'rules') => ({
  device: 'd',
  name,
  args,
  source,
});
const exceeded = { code: 'LIMIT_EXCEEDED' };

test('a rule is held to the least, the most and the number of changes, a person is not', () => {
  const book = openLimits(limits, []);
  assert.throws(() => book.admit(wish('setpoint', { celsius: 25.5 }), 0), exceeded);
  assert.throws(() => book.admit(wish('setpoint', { celsius: 4 }), 0), exceeded);
  assert.deepEqual(book.admit(wish('setpoint', { celsius: 30 }, 'api'), 0), []);
  assert.equal(book.admit(wish('setpoint', { celsius: 21 }), 0).length, 1);
  book.admit(wish('setpoint', { celsius: 20 }), 1_000);
  assert.throws(() => book.admit(wish('setpoint', { celsius: 21 }), 2_000), exceeded);
  assert.equal(book.admit({ ...wish('setpoint', { celsius: 21 }), device: 'other' }, 2_000).length, 1);
  book.admit(wish('setpoint', { celsius: 21 }), 3_600_000);
});

test('a cover that is told to open counts as one that is told a position', () => {
  const book = openLimits(limits, []);
  book.admit(wish('cover', { do: 'open' }), 0);
  assert.throws(() => book.admit(wish('cover', { position: 10 }), 1), exceeded);
});

test('a command whose effect nobody knows is refused unless it is named, and then within its bounds', () => {
  const book = openLimits(limits, []);
  assert.throws(() => book.admit(wish('reset', {}), 0), exceeded);
  assert.throws(() => book.admit(wish('set', { speed: 4 }), 0), exceeded);
  assert.equal(book.admit(wish('set', { speed: 3 }), 0).length, 1);
});

test('what was counted is counted in the next life, and a refused command leaves nothing', async (t) => {
  const options = { limits: { metrics: { 'switch.state': { perHour: 1 } }, commands: {} } };
  const first = await openRig(t, options);
  await first.submit('a', { source: 'rules' });
  await first.commands[Symbol.asyncDispose]();
  const second = await openRig(t, { ...options, store: first.store, clock: first.clock });
  await assert.rejects(second.submit('b', { source: 'rules' }), exceeded);
  assert.equal(await second.commands.status('b'), undefined);
  assert.equal((await second.submit('a', { source: 'rules' })).id, 'a', 'the same id is answered, not counted');
  await second.submit('c', { source: 'api' });
});
