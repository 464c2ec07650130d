import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { RecordClass } from '../../../contracts/message.ts';
import type { Entry, TextMeasurement } from '../../../contracts/pipeline.ts';
import { openLiveView } from '../../../gateway/live/open-live-view.ts';
import { waitUntil } from '../../harness/wait-until.ts';

const log = pino({ enabled: false });
const entry = (ids: readonly number[]): Entry => ({
  measurements: ids.map((id) => ({ text: JSON.stringify({ id }), device: 'd', cls: 'state', kind: 'state' })),
  filtered: [],
  deadLetters: [],
  writes: [],
});

test('shows what was committed, in order, and nothing of a commit that failed', async () => {
  const live = openLiveView({ log });
  const seen: unknown[] = [];
  using _ = live.subscribe({ name: 'test', wants: () => true, take: (one) => seen.push(one) });
  await live.watch(() => Promise.resolve())(entry([1, 2]));
  await assert.rejects(live.watch(() => Promise.reject(new Error('no room')))(entry([3])), /no room/);
  await live.watch(() => Promise.resolve())(entry([4]));
  await waitUntil('three records', () => seen.length === 3);
  assert.deepEqual(seen, [{ id: 1 }, { id: 2 }, { id: 4 }]);
});

test('a subscriber that falls behind loses the oldest, and one that throws hurts nobody', async () => {
  const live = openLiveView({ log });
  const seen: number[] = [];
  using _bad = live.subscribe({
    name: 'bad',
    wants: () => true,
    take: () => {
      throw new Error('mine');
    },
  });
  using _ = live.subscribe({
    name: 'slow',
    wants: () => true,
    take: (one) => void seen.push((one as unknown as { id: number }).id),
  });
  await live.watch(() => Promise.resolve())(entry([...Array(1_500).keys()]));
  await waitUntil('the last one', () => seen.at(-1) === 1_499);
  assert.equal(seen.length, 1_000);
  assert.equal(seen[0], 500);
});

test('of a subscriber that falls behind telemetry goes first', async () => {
  const live = openLiveView({ log });
  const seen: number[] = [];
  let losses = 0;
  using _ = live.subscribe({
    name: 'slow',
    wants: () => true,
    take: (one) => void seen.push((one as unknown as { id: number }).id),
    lost: () => (losses += 1),
  });
  const append = live.watch(() => Promise.resolve());
  const of = (cls: RecordClass, ids: readonly number[]): Entry => ({
    ...entry([]),
    measurements: ids.map((id) => ({ text: JSON.stringify({ id }), device: 'd', cls, kind: 'state' })),
  });
  await append(of('alarm', [1, 2]));
  await append(of('telemetry', [3, 4]));
  await append(
    of(
      'state',
      [...Array(1_000).keys()].map((n) => n + 5),
    ),
  );
  await waitUntil('the last one', () => seen.at(-1) === 1_004);
  assert.deepEqual([seen.length, seen[0], losses], [1_000, 5, 1], 'then the oldest');
  seen.length = 0;
  await append(of('alarm', [1, 2]));
  await append(
    of(
      'telemetry',
      [...Array(1_000).keys()].map((n) => n + 3),
    ),
  );
  await waitUntil('the last one', () => seen.at(-1) === 1_002);
  assert.deepEqual(seen.slice(0, 3), [1, 2, 5]);
});

test('what a decode thread told is not parsed for a subscriber that needs no more, and that one is told when it may rest', async () => {
  const live = openLiveView({ log });
  const seen: unknown[] = [];
  using _ = live.subscribe({
    name: 'quick',
    wants: () => true,
    takeUnread: ({ keys }) => keys.includes('a') && seen.push(keys) > 0,
    take: (one) => seen.push(one),
    rest: () => seen.push('rest'),
  });
  const told = { device: 'd', cls: 'telemetry', kind: 'telemetry', ts: undefined, values: [1] } as const;
  const measurements: TextMeasurement[] = [
    { ...told, text: 'not looked at', keys: ['a'] },
    { ...told, text: '{"parsed":true}', keys: ['b'] },
  ];
  await live.watch(() => Promise.resolve())({ ...entry([]), measurements });
  await waitUntil('both', () => seen.length === 3);
  assert.deepEqual(seen, [['a'], { parsed: true }, 'rest']);
});

test('a subscriber that takes its time leaves the event loop to others in between', async () => {
  const live = openLiveView({ log });
  let [taken, turns] = [0, 0];
  const turnsAt: number[] = [];
  const busy = (): void => {
    for (const until = performance.now() + 3; performance.now() < until;);
    turnsAt.push(turns);
    taken += 1;
  };
  using _ = live.subscribe({ name: 'slow', wants: () => true, take: busy });
  const counting = setInterval(() => (turns += 1));
  await live.watch(() => Promise.resolve())(entry([1, 2, 3]));
  await waitUntil('all three', () => taken === 3);
  clearInterval(counting);
  assert.equal(new Set(turnsAt).size, 3, 'timers ran between two of them');
});
