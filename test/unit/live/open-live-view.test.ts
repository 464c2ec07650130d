import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Entry } from '../../../contracts/pipeline.ts';
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
