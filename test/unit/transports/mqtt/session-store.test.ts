import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { defaultLimits } from '../../../../gateway/transports/mqtt/options.ts';
import { LivedClock } from '../../../../gateway/transports/mqtt/lived-clock.ts';
import { RetainedStore } from '../../../../gateway/transports/mqtt/retained-store.ts';
import { SessionStore } from '../../../../gateway/transports/mqtt/session-store.ts';
import { toldReasons } from './broker.ts';
import { openSqliteStore, temporaryFile } from './sqlite-store.ts';
import type { SqliteStore } from './sqlite-store.ts';

const hourMs = 3_600_000;
const limits = {
  ...defaultLimits,
  maxSessionAgeMs: 10 * hourMs,
  queue: { ...defaultLimits.queue, maxAgeMs: 5 * hourMs },
  retained: { ...defaultLimits.retained, maxAgeMs: 8 * hourMs },
};

/** A clock that a test moves; wall time is never asked. */
class HandClock {
  mono = 0;
  monoMs(): number {
    return this.mono;
  }
  wallMs(): number {
    throw new Error('wall time decides nothing here');
  }
}

function open(store: SqliteStore, clock: HandClock): Promise<SessionStore> {
  return SessionStore.open(store, limits, clock);
}

async function accept(store: SqliteStore, sessions: SessionStore, topic: string): Promise<void> {
  const payload = Buffer.from('x');
  const traces = sessions.plan({ client: 'c', topic, payload, qos: 1, retain: true }, () => true);
  await store.write(traces.writes);
  sessions.apply(traces, payload);
}

async function filled(t: TestContext): Promise<{ store: SqliteStore; sessions: SessionStore; clock: HandClock }> {
  const store = openSqliteStore(t, temporaryFile(t));
  const clock = new HandClock();
  const sessions = await open(store, clock);
  await sessions.subscribe('reader', { topic: 'a/#', qos: 1 });
  await accept(store, sessions, 'a/b');
  return { store, sessions, clock };
}

test('a queue, a retained message and a session expire at their ages, in memory and on disk', async (t) => {
  const { store, sessions, clock } = await filled(t);
  const reasons = toldReasons(t);
  const counts = async (atHours: number): Promise<number[]> => {
    clock.mono = atHours * hourMs;
    await sessions.sweep(() => false);
    await sessions.flush();
    return [store.count('mqtt_queue'), store.count('mqtt_retained'), store.count('mqtt_subscriptions')];
  };
  assert.deepEqual(await counts(4), [1, 1, 1]);
  assert.deepEqual(await counts(6), [0, 1, 1]);
  assert.deepEqual(await counts(9), [0, 0, 1]);
  assert.deepEqual(await counts(11), [0, 0, 0]);
  assert.deepEqual([sessions.queues.size, sessions.retained.size, sessions.subscriptions.of('reader').size], [0, 0, 0]);
  assert.deepEqual(
    ['session-queue-expired', 'retained-expired', 'session-expired'].map((reason) => reasons.get(reason)),
    [1, 1, 1],
  );
});

test('a connected session does not expire', async (t) => {
  const { store, sessions, clock } = await filled(t);
  clock.mono = 100 * hourMs;
  await sessions.sweep((client) => client === 'reader');
  assert.equal(store.count('mqtt_subscriptions'), 1);
});

test('ages count the time that the gateway ran, over restarts, and not the time without power', async (t) => {
  const { store, sessions, clock } = await filled(t);
  clock.mono = 6 * hourMs;
  await sessions.flush();
  const rebooted = new HandClock();
  const later = await open(store, rebooted);
  await later.sweep(() => false);
  assert.equal(store.count('mqtt_retained'), 1, 'six hours old');
  rebooted.mono = 3 * hourMs;
  await later.sweep(() => false);
  assert.equal(store.count('mqtt_retained'), 0, 'nine hours old');
});

test('of two retained messages the later accepted one stays, in whichever order they are applied', async (t) => {
  const { store, sessions } = await filled(t);
  const plan = (text: string) =>
    sessions.plan({ client: 'c', topic: 'r', payload: Buffer.from(text), qos: 0, retain: true }, () => true);
  const [first, second] = [plan('first'), plan('second')];
  for (const traces of [second, first]) {
    await store.write(traces.writes);
    sessions.apply(traces, Buffer.alloc(0));
  }
  assert.deepEqual(await Array.fromAsync(sessions.retained.matching(['r']), ({ payload }) => payload.toString()), [
    'second',
  ]);
  const again = await open(store, new HandClock());
  const [kept] = await Array.fromAsync(again.retained.matching(['r']));
  assert.equal(kept?.payload.toString(), 'second');
});

test('others have their turn while retained messages are searched for, and no two searches share one', async () => {
  const rows = Array.from({ length: 20_000 }, (_, seq) => {
    return { topic: `house/room${seq}/state`, client: 'c', payload: Buffer.from('x'), qos: 1, at: 0, seq };
  });
  const kept = { read: async () => rows, write: async () => undefined };
  const lived = await LivedClock.open({ ...kept, read: async () => [] }, new HandClock());
  const retained = await RetainedStore.open(kept, defaultLimits.retained, lived);
  let turns = 0;
  let next = setImmediate(function count() {
    turns += 1;
    next = setImmediate(count);
  });
  const filters = Array.from({ length: 255 }, (_, at) => `house/+/end${at}/#`).concat('+/room7/#', 'house/room7/state');
  const searches = await Promise.all([0, 1].map(() => Array.fromAsync(retained.matching(filters))));
  clearImmediate(next);
  for (const found of searches) {
    assert.deepEqual(
      found.map(({ topic }) => topic),
      ['house/room7/state'],
    );
  }
  // Each topic costs each search three looks and more.
  assert.ok(turns >= 2 * Math.floor((3 * rows.length) / 4_000), `${turns} turns`);
});

test('a search for retained messages ends although they change all the time', async (t) => {
  const { store, sessions } = await filled(t);
  for (const topic of ['a/c', 'a/d']) await accept(store, sessions, topic);
  let found = 0;
  for await (const { topic } of sessions.retained.matching(['a/+'])) {
    found += 1;
    await accept(store, sessions, topic);
  }
  assert.equal(found, 3);
});

test('a row that could not be deleted is deleted with the next flush', async (t) => {
  const { store, sessions } = await filled(t);
  store.fault = () => new Error('busy');
  for (const queued of sessions.queues.waiting('reader')) sessions.queues.remove(queued);
  await sessions.flush();
  assert.equal(store.count('mqtt_queue'), 1);
  store.fault = undefined;
  await sessions.flush();
  assert.equal(store.count('mqtt_queue'), 0);
});

test('of a message that was on its way when its session ended nothing is left, after a crash neither', async (t) => {
  const { store, sessions } = await filled(t);
  const payload = Buffer.from('late');
  const plan = () => sessions.plan({ client: 'c', topic: 'a/late', payload, qos: 1, retain: false }, () => true);
  const [first, second] = [plan(), plan()];
  await sessions.end('reader');
  await store.write(first.writes);
  sessions.apply(first, payload);
  await sessions.flush();
  assert.deepEqual([store.count('mqtt_queue'), sessions.queues.size], [0, 0]);
  await store.write(second.writes);
  const again = await open(store, new HandClock());
  await again.flush();
  assert.deepEqual([store.count('mqtt_queue'), again.queues.size], [0, 0]);
});
