import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../../contracts/errors.ts';
import { answerMs } from '../../../gateway/commands/transitions.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { here, isOn, openRig } from './rig.ts';

const overloaded = { code: 'OVERLOADED' };

test('too many commands, of one device or in all, are refused and not kept; an end makes room', async (t) => {
  const rejected: string[] = [];
  using _rejected = listen('rejected', ({ stage, reason }) => rejected.push(`${stage} ${reason}`));
  const rig = await openRig(t, { quietMs: 1_000, bounds: { maxOpen: 3, maxPerDevice: 2 } });
  await rig.submit('a');
  await rig.submit('b');
  await assert.rejects(rig.submit('c'), overloaded);
  await rig.submit('d', { device: 'z2m:fan' });
  await assert.rejects(rig.submit('e', { device: 'z2m:blind' }), overloaded);
  assert.deepEqual(rejected, ['commands overloaded', 'commands overloaded']);
  assert.equal(await rig.commands.status('c'), undefined);
  assert.equal((await rig.submit('a')).state, 'queued');
  await rig.clock.advance(1_000);
  await rig.isSent(2);
  await rig.say('z2m:lamp', isOn);
  await rig.becomes('a', 'acked');
  assert.equal((await rig.submit('c')).state, 'accepted');
});

test('one command of a device is out at a time: the most urgent first, then in the order of acceptance', async (t) => {
  const rig = await openRig(t, { quietMs: 1_000 });
  const priorities = { low: 1, first: 4, second: 4, high: 9 };
  for (const [id, priority] of Object.entries(priorities)) await rig.submit(id, { priority, args: { on: true, id } });
  await rig.clock.advance(1_000);
  const expected = ['high', 'first', 'second', 'low'];
  for (const [index, id] of expected.entries()) {
    await rig.isSent(index + 1);
    assert.equal(rig.sent.length, index + 1);
    await rig.say('z2m:lamp', isOn);
    await rig.becomes(id, 'acked');
  }
  assert.deepEqual(
    rig.sent.map((line) => (JSON.parse(line.slice(line.indexOf('{'))) as { id: string }).id),
    expected,
  );
});

test('a command that waits ends at its deadline, and its neighbours with more time go out', async (t) => {
  const rig = await openRig(t);
  rig.present = new Set();
  await rig.submit('short', { ttlMs: 1_000 });
  await rig.submit('long', { ttlMs: 60_000, args: { on: false } });
  await rig.becomes('short', 'queued');
  await rig.clock.advance(1_000);
  const { code } = await rig.becomes('short', 'expired');
  assert.equal(code, 'COMMAND_EXPIRED');
  rig.present = undefined;
  await rig.isSent(1);
  assert.deepEqual(rig.sent, ['z2m:lamp/switch {"on":false}']);
  assert.deepEqual(rig.results, ['short expired']);
});

test('a device that is silent: what is idempotent goes out three times, anything else once', async (t) => {
  const retried: string[] = [];
  using _retried = listen('retried', ({ stage, reason }) => retried.push(`${stage} ${reason}`));
  const rig = await openRig(t);
  await rig.submit('again');
  await rig.submit('once', { device: 'z2m:door', name: 'toggle' });
  for (const count of [2, 3, 4]) {
    await rig.isSent(count);
    await rig.clock.advance(answerMs);
  }
  for (const id of ['again', 'once']) assert.equal((await rig.becomes(id, 'failed')).code, 'OUTCOME_UNKNOWN');
  assert.equal(rig.sent.filter((line) => line.startsWith('z2m:door')).length, 1);
  assert.equal(rig.sent.length, 4);
  assert.deepEqual(retried, ['commands silence', 'commands silence']);
});

test('a device that refuses ends its command with the reason; one that cannot be reached is tried again', async (t) => {
  const rig = await openRig(t);
  rig.failure = new PortcullisError('COMMAND_INVALID', 'exception 2, illegal data address');
  await rig.submit('refused');
  const { code, detail } = await rig.becomes('refused', 'failed');
  assert.deepEqual([code, detail], ['COMMAND_INVALID', 'exception 2, illegal data address']);
  rig.failure = new PortcullisError('DEVICE_UNREACHABLE', 'does not answer');
  await rig.submit('silent');
  await rig.isSent(2);
  rig.failure = undefined;
  await rig.clock.advance(answerMs);
  await rig.isSent(3);
  await rig.say('z2m:lamp', isOn);
  await rig.becomes('silent', 'acked');
});

test('after a kill nothing goes out before the quiet period is over, whatever was open', async (t) => {
  const before = await openRig(t, { quietMs: 5_000 });
  await before.submit('waits');
  await before.becomes('waits', 'queued');
  // The first life is not closed: a kill closes nothing. Its clock stands still.
  const after = await openRig(t, { store: before.store, quietMs: 5_000 });
  await after.clock.advance(4_900);
  await after.submit('late', { ttlMs: 100 });
  await after.clock.advance(99);
  await after.becomes('late', 'queued');
  assert.deepEqual(after.sent, []);
  await after.clock.advance(1);
  await after.becomes('late', 'expired');
  await after.isSent(1);
  await after.say('z2m:lamp', isOn);
  await after.becomes('waits', 'acked');
  assert.deepEqual([before.sent, after.sent.length], [[], 1]);
});

test('a device that said goodbye is away in the next life too, until it says that it is back', async (t) => {
  const before = await openRig(t);
  await before.say('z2m:lamp', here(false));
  await before.say('z2m:fan', here(false));
  await before.say('z2m:fan', here(true));
  const away = async () => (await before.store.read('commands.readAway', [])).map(({ device }) => device);
  await waitUntil('the goodbye of the lamp alone is kept', async () => (await away()).join() === 'z2m:lamp');
  const after = await openRig(t, { store: before.store });
  await after.submit('lamp');
  await after.becomes('lamp', 'queued');
  assert.deepEqual(after.sent, []);
  await after.say('z2m:lamp', here(true));
  await after.isSent(1);
  assert.deepEqual(after.sent, ['z2m:lamp/switch {"on":true}']);
});

test('the list is filtered by device and by state, newest first, page by page', async (t) => {
  const rig = await openRig(t);
  rig.present = new Set(['z2m:lamp']);
  for (const id of ['l1', 'l2']) await rig.submit(id);
  for (const id of ['f1', 'f2', 'f3']) await rig.submit(id, { device: 'z2m:fan' });
  await rig.isSent(1);
  await rig.say('z2m:lamp', isOn);
  await rig.becomes('l1', 'acked');
  const ids = async (query: object) => {
    const { commands, next } = await rig.commands.list({ limit: 10, ...query });
    return [commands.map(({ id }) => id).join(' '), next];
  };
  assert.deepEqual(await ids({}), ['f3 f2 f1 l2 l1', undefined]);
  assert.deepEqual(await ids({ device: 'z2m:fan' }), ['f3 f2 f1', undefined]);
  assert.deepEqual(await ids({ state: 'acked' }), ['l1', undefined]);
  assert.deepEqual(await ids({ device: 'z2m:fan', state: 'acked' }), ['', undefined]);
  const [first, next] = await ids({ device: 'z2m:fan', limit: 2 });
  assert.equal(first, 'f3 f2');
  assert.deepEqual(await ids({ device: 'z2m:fan', limit: 2, before: next }), ['f1', undefined]);
});

test('ids are remembered as long as their bound says: by count and by age', async (t) => {
  const rig = await openRig(t, { bounds: { maxEnded: 2, endedAgeMs: 10_000 } });
  const done = async (id: string): Promise<void> => {
    const before = rig.sent.length;
    await rig.submit(id);
    await rig.isSent(before + 1);
    await rig.say('z2m:lamp', isOn);
    await rig.becomes(id, 'acked');
  };
  for (const id of ['a', 'b', 'c']) await done(id);
  assert.equal(await rig.commands.status('a'), undefined);
  assert.equal((await rig.submit('b')).state, 'acked');
  await rig.clock.advance(10_001);
  await done('d');
  assert.equal(await rig.commands.status('c'), undefined);
});

test('each end is counted by source, state and code; an urgent command that was not done is an alarm until one is', async (t) => {
  const [ends, alarms]: [string[], string[]] = [[], []];
  using _ends = listen('commanded', (e) => ends.push(`${e.source} ${e.state} ${e.code}`.trim()));
  using _alarms = listen('alarm', ({ code, subject, active }) => alarms.push(`${code} ${subject} ${active}`));
  const rig = await openRig(t);
  rig.present = new Set();
  await rig.submit('minor', { ttlMs: 100, source: 'flows' });
  await rig.submit('valve', { ttlMs: 100, source: 'rules', origin: 'night mode', priority: 9 });
  assert.equal(
    [...rig.commands.open().values()].reduce((sum, count) => sum + count, 0),
    2,
  );
  await rig.clock.advance(100);
  await rig.becomes('minor', 'expired');
  const { source, origin } = await rig.becomes('valve', 'expired');
  assert.deepEqual([source, origin], ['rules', 'night mode']);
  assert.deepEqual(rig.results.toSorted(), ['minor expired', 'valve expired night mode']);
  assert.deepEqual(alarms, ['COMMAND_NOT_DONE z2m:lamp true']);
  rig.present = undefined;
  await rig.submit('again');
  await rig.isSent(1);
  await rig.say('z2m:lamp', isOn);
  await rig.becomes('again', 'acked');
  assert.deepEqual(alarms.at(-1), 'COMMAND_NOT_DONE z2m:lamp false');
  assert.deepEqual(ends.toSorted(), ['api acked', 'flows expired COMMAND_EXPIRED', 'rules expired COMMAND_EXPIRED']);
});
