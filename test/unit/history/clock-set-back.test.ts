import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry } from '../buffer/buffer-fixture.ts';
import { openRig, recordOf, start, type HistoryRig } from './history-rig.ts';

const minute = 60_000;
const hour = 60 * minute;
const years = 9 * 365 * 24 * hour;
const cel = (v: number) => ({ n: 'temperature', v, u: 'Cel' });

const ask = (rig: HistoryRig, metric: string, from: number, to: number) =>
  rig.history.query({ device: 'd', metric, from, to, limit: 10_000 });

test('a counter goes on when a clock that was years ahead is set back, over blocks and restarts', async (t) => {
  const rig = await openRig(t);
  const energy = (v: number, st = 1) => ({ n: 'energy.import', v, u: 'Wh', c: 'total_increasing' as const, st });
  const late = { ...recordOf('d', start + 10_000, [energy(104)]), clk: 'source', rts: start + 2 * minute } as const;
  await rig.tell('d', [start, energy(100)], [start + years, energy(110)]);
  await rig.tell('d', [start + minute, energy(115)]);
  await rig.buffer.append(entry(late));
  await rig.pass(16 * minute);
  await rig.tell('d', [start + 2 * minute, energy(120)], [start + years, energy(121)]);
  await rig.pass(16 * minute);
  await rig.close();
  const again = await openRig(t, {}, rig.dir);
  await again.tell('d', [start + 3 * minute, energy(130)], [start + 4 * minute, energy(4, start + 4 * minute)]);
  const { points } = await ask(again, 'energy.import', start, start + hour);
  assert.deepEqual(
    points.map(({ last, increase }) => [last, increase]),
    [
      [100, 0],
      [104, 0],
      [115, 5],
      [120, 5],
      [130, 9],
      [4, 4],
    ],
  );
});

test('what is measured now is shown as samples, although blocks were dropped while the clock was years ahead', async (t) => {
  const rig = await openRig(t);
  const tellNow = async (): Promise<void> => {
    await rig.tell('d', [rig.clock.wallMs(), cel(1)]);
    for (const ms of [0, 16 * minute, 0]) await rig.pass(ms);
  };
  const blocks = async () => (await rig.history.stats()).tiers[0]?.blocks;
  rig.clock.jumpWall(years);
  await tellNow();
  await rig.pass(8 * 24 * hour);
  await tellNow();
  assert.equal(await blocks(), 1, 'the older block was dropped');
  rig.clock.jumpWall(-years);
  const at = rig.clock.wallMs();
  await tellNow();
  const samples = await ask(rig, 'temperature', at, at + hour);
  assert.deepEqual([samples.resolutionMs, samples.points.length], [0, 1]);
  await rig.pass(8 * 24 * hour);
  await tellNow();
  assert.equal(await blocks(), 1, 'those before it were dropped');
  const { resolutionMs } = await ask(rig, 'temperature', at, at + hour);
  assert.equal(resolutionMs, 5 * minute, 'what was dropped by the right clock is known again');
});
