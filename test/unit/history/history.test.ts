import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { HistoryPoint } from '../../../contracts/history.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../harness/wait-until.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';
import { openRig, start, type HistoryRig } from './history-rig.ts';
const minute = 60_000;
const hour = 60 * minute;
const cel = (v: number) => ({ n: 'temperature', v, u: 'Cel' });

const ask = (rig: HistoryRig, metric: string, from: number, to: number, limit = 10_000, device = 'd') =>
  rig.history.query({ device, metric, from, to, limit });
const pairs = (points: readonly HistoryPoint[]) => points.map(({ at, last }) => [at - start, last]);

test('what was acknowledged is in the next answer: from memory, from blocks, and over both', async (t) => {
  const rig = await openRig(t);
  await rig.tell('d', [start, cel(20)], [start + 1_000, cel(20.5)]);
  const range = [start, start + hour] as const;
  assert.deepEqual(pairs((await ask(rig, 'temperature', ...range)).points), [
    [0, 20],
    [1_000, 20.5],
  ]);
  await rig.pass(16 * minute);
  assert.equal((await rig.history.stats()).gathered, 0);
  await rig.tell('d', [start + 2_000, cel(-3.25)]);
  const { unit, resolutionMs, points } = await ask(rig, 'temperature', ...range);
  assert.deepEqual([unit, resolutionMs], ['Cel', 0]);
  assert.deepEqual(pairs(points), [
    [0, 20],
    [1_000, 20.5],
    [2_000, -3.25],
  ]);
  assert.deepEqual(pairs((await ask(rig, 'temperature', start + 1_000, start + 2_000)).points), [[1_000, 20.5]]);
});

test('numbers, truths, texts and endpoints are metrics of their own', async (t) => {
  const rig = await openRig(t);
  await rig.tell('d', [
    start,
    { n: 'power', v: 5, u: 'W', ep: '1' },
    { n: 'switch.state', vb: true },
    { n: 'mode', vs: 'heat' },
  ]);
  await rig.tell('d', [start + 1_000, { n: 'switch.state', vb: false }, { n: 'humidity', q: 'sentinel', raw: 999 }]);
  await rig.pass(16 * minute);
  assert.deepEqual(await rig.history.metrics('d'), [
    { metric: 'power@1', type: 'number', unit: 'W', counter: false },
    { metric: 'switch.state', type: 'boolean', counter: false },
    { metric: 'mode', type: 'text', counter: false },
  ]);
  assert.deepEqual((await ask(rig, 'switch.state', start, start + hour)).points, [
    { at: start, count: 1, last: true, min: 1, max: 1, mean: 1 },
    { at: start + 1_000, count: 1, last: false, min: 0, max: 0, mean: 0 },
  ]);
  assert.deepEqual((await ask(rig, 'mode', start, start + hour)).points, [{ at: start, count: 1, last: 'heat' }]);
  await assert.rejects(ask(rig, 'humidity', start, start + hour), { code: 'NOT_FOUND' });
});

test('a counter goes on over blocks, restarts of the gateway and its own resets', async (t) => {
  const rig = await openRig(t);
  const energy = (v: number, st: number) => ({ n: 'energy.import', v, u: 'Wh', c: 'total_increasing' as const, st });
  await rig.tell('d', [start, energy(100, 1)], [start + minute, energy(130, 1)]);
  await rig.pass(16 * minute);
  await rig.close();
  const again = await openRig(t, {}, rig.dir);
  await again.tell(
    'd',
    [start + 2 * minute, energy(140, 1)],
    [start + 3 * minute, energy(7, 2)],
    [start + 4 * minute, energy(9, 2)],
  );
  const { points } = await ask(again, 'energy.import', start, start + hour);
  assert.deepEqual(
    points.map(({ increase }) => increase),
    [0, 30, 10, 7, 2],
  );
  const slots = await ask(again, 'energy.import', start, start + hour, 1);
  assert.deepEqual([slots.resolutionMs, slots.points[0]?.increase, slots.points[0]?.last], [hour, 49, 9]);
});

const sampleRuns = fc.array(
  fc.array(
    fc.record({
      gap: fc.integer({ min: -20_000, max: 9 * minute }),
      value: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((v) => Math.round(v * 100) / 100 + 0),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  { minLength: 28, maxLength: 40 },
);

test(
  'a roll-up of the samples equals the tier, whatever was rolled up, late or lost with a kill',
  { timeout: 120_000 },
  async (t) => {
    await fc.assert(
      fc.asyncProperty(sampleRuns, fc.nat(24), async (runs, restartAt) => {
        let rig = await openRig(t);
        const all: { at: number; value: number }[] = [];
        let at = start;
        for (const [i, run] of runs.entries()) {
          const samples = run.map(({ gap, value }) => ({ at: (at += gap), value }));
          all.push(...samples);
          await rig.tell('d', ...samples.map(({ at, value }) => [at, cel(value)] as const));
          if (i === restartAt) {
            await rig.close();
            rig = await openRig(t, {}, rig.dir);
          }
          await rig.pass(16 * minute);
        }
        assert.ok(((await rig.history.stats()).tiers[1]?.blocks ?? 0) > 0);
        const [from, to] = [start - hour, at + hour];
        for (const limit of [12, 150]) {
          const { resolutionMs, points } = await ask(rig, 'temperature', from, to, limit);
          if (resolutionMs === 0) continue;
          assert.ok(resolutionMs >= 5 * minute);
          assert.deepEqual(points.map(near), rolled(all, resolutionMs).map(near));
        }
        await rig.close();
      }),
      { numRuns: 4, endOnFailure: true },
    );
  },
);

function rolled(all: readonly { at: number; value: number }[], length: number): HistoryPoint[] {
  const slots = Map.groupBy(all, ({ at }) => Math.floor(at / length) * length);
  const points = [...slots].map(([at, samples]): HistoryPoint => {
    const values = samples.map(({ value }) => value);
    const latest = Math.max(...samples.map((one) => one.at));
    const last = samples.findLast((one) => one.at === latest)?.value ?? 0;
    return {
      at,
      count: samples.length,
      last,
      min: Math.min(...values),
      max: Math.max(...values),
      mean: values.reduce((a, b) => a + b, 0) / values.length,
    };
  });
  return points.sort((a, b) => a.at - b.at);
}

const near = (point: HistoryPoint): unknown => ({ ...point, mean: Number(point.mean?.toPrecision(9)) });

test('hostile ranges are refused in a sentence', async (t) => {
  const rig = await openRig(t);
  await rig.tell('d', [start, cel(20)]);
  for (const [from, to, limit] of [
    [2, 1, 10],
    [-1, 5, 10],
    [0, Infinity, 10],
    [NaN, 5, 10],
    [0, 2 ** 60, 10],
    [0, 5, 0],
    [0, 5, 1e9],
    [0, 5, 1.5],
  ] as const) {
    await assert.rejects(
      ask(rig, 'temperature', from, to, limit),
      (error) => error instanceof PortcullisError && error.code === 'COMMAND_INVALID',
    );
  }
  assert.deepEqual((await ask(rig, 'temperature', 0, 2 ** 42, 1)).points.length, 1);
  await assert.rejects(ask(rig, "x' OR 1=1 --", 0, 5), { code: 'NOT_FOUND' });
});

test('kill -9 loses nothing that was acknowledged from what history answers, and answers nothing twice', async (t) => {
  const dir = await tempDir(t);
  const acknowledged = new Set<number>();
  for (const [round, least] of [60, 400, 150].entries()) {
    for (const value of await tellAndKill(dir, 1 + round * 100_000, least)) acknowledged.add(value);
  }
  const rig = await openRig(t, {}, dir);
  assert.ok(((await rig.history.stats()).tiers[0]?.blocks ?? 0) > 2, 'blocks were written between the kills');
  const answered: number[] = [];
  for (const device of ['d0', 'd1', 'd2', 'd3']) {
    const { points } = await rig.history.query({ device, metric: 'temperature', from: 0, to: start, limit: 10_000 });
    answered.push(...points.map(({ last }) => Number(last)));
  }
  assert.deepEqual(
    [...acknowledged].filter((value) => !answered.includes(value)),
    [],
  );
  assert.equal(new Set(answered).size, answered.length);
});

async function tellAndKill(dataDir: string, from: number, least: number): Promise<number[]> {
  const program = fileURLToPath(new URL('tell-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged: number[] = [];
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(Number(line));
    if (acknowledged.length === least) child.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

test('a tier beyond its age or its bytes loses its oldest blocks, and an older range is answered by the next tier', async (t) => {
  const rig = await openRig(t, { keepMs: [3 * hour, 100 * 24 * hour, 100 * 24 * hour] });
  for (let i = 0; i < 40; i += 1) {
    const at = start + i * 16 * minute;
    await rig.tell('d', [at, cel(i)], [at + minute, cel(i + 0.5)]);
    await rig.pass(16 * minute);
  }
  const { tiers } = await rig.history.stats();
  assert.ok((tiers[0]?.blocks ?? 0) < 16 && (tiers[1]?.blocks ?? 0) >= 1, JSON.stringify(tiers));
  const whole = await ask(rig, 'temperature', start, start + 640 * minute);
  assert.equal(whole.resolutionMs, 5 * minute);
  assert.equal(
    whole.points.reduce((sum, { count }) => sum + count, 0),
    80,
  );
  assert.deepEqual([whole.points[0]?.count, whole.points[0]?.mean], [2, 0.25]);
  assert.equal((await ask(rig, 'temperature', start + 560 * minute, start + 640 * minute)).resolutionMs, 0);
});

test('a damaged block costs its own samples only, and is counted', async (t) => {
  const rig = await openRig(t);
  await rig.tell('d', [start, cel(1)]);
  await rig.pass(0);
  await rig.pass(16 * minute);
  await rig.tell('d', [start + hour, cel(2)]);
  await rig.pass(0);
  await rig.pass(16 * minute);
  await rig.close();
  const db = new Database(join(rig.dir, 'portcullis.db'));
  db.exec("UPDATE history_blocks SET data = x'28b52ffd0011223344' WHERE id = 1");
  db.close();
  const again = await openRig(t, {}, rig.dir);
  assert.deepEqual(pairs((await ask(again, 'temperature', start, start + 2 * hour)).points), [[hour, 2]]);
  assert.equal((await again.history.stats()).damaged, 1);
});

test('a device that is forgotten is not answered any more, and what it tells later is new', async (t) => {
  const rig = await openRig(t);
  await rig.tell('d', [start, cel(1)]);
  await rig.pass(16 * minute);
  await rig.pass(16 * minute);
  await rig.tell('d', [start + 1_000, cel(2)]);
  await rig.history.forget('d');
  await assert.rejects(ask(rig, 'temperature', start, start + hour), { code: 'NOT_FOUND' });
  assert.deepEqual(await rig.history.metrics('d'), []);
  await rig.tell('d', [start + 2_000, cel(3)]);
  assert.deepEqual(pairs((await ask(rig, 'temperature', start, start + hour)).points), [[2_000, 3]]);
});

test('a device that is forgotten stays forgotten over a restart, although the log still has what it told', async (t) => {
  const first = await openRig(t);
  await first.tell('d', [start, cel(1)]);
  await first.tell('other', [start, cel(5)]);
  await first.history.forget('d');
  await first.close();
  const second = await openRig(t, {}, first.dir);
  assert.deepEqual(await second.history.metrics('d'), []);
  assert.deepEqual(pairs((await ask(second, 'temperature', start, start + hour, 10, 'other')).points), [[0, 5]]);
});

test('one sample of a time to come does not stand for all that is told until then', async (t) => {
  const rig = await openRig(t);
  await rig.tell('d', [start + 9 * 365 * 24 * hour, cel(1)]);
  await rig.pass(0);
  await rig.pass(16 * minute);
  await rig.pass(8 * 24 * hour);
  const at = start + 9 * 24 * hour;
  for (let i = 0; i < 20; i += 1) await rig.tell('d', [at + i * 1_000, cel(i)]);
  await rig.pass(0);
  await rig.pass(16 * minute);
  await rig.pass(0);
  assert.equal((await rig.history.stats()).tiers[0]?.blocks, 1, 'the block with that sample was dropped');
  const { resolutionMs, points } = await ask(rig, 'temperature', at, at + hour);
  assert.deepEqual([resolutionMs, points.length], [0, 20]);
});

test('series that nothing is kept of any more make room for others', async (t) => {
  const rig = await openRig(t, { keepMs: [3 * hour, 24 * hour, 24 * hour] });
  await rig.tell('gone', [start, cel(1)], [start + minute, { n: 'x.energy', v: 1, c: 'total_increasing' }]);
  await rig.tell('here', [start, cel(1), { n: 'x.once', v: 1 }]);
  await rig.pass(16 * minute);
  assert.equal((await rig.history.stats()).series, 4);
  for (let day = 1; day < 6; day += 1) {
    await rig.tell('here', [start + day * 24 * hour, cel(day)]);
    await rig.pass(24 * hour);
  }
  assert.equal((await rig.history.stats()).series, 1);
  await rig.tell('here', [start + 6 * 24 * hour, { n: 'x.once', v: 2 }]);
  await rig.pass(16 * minute);
  assert.deepEqual(
    (await ask(rig, 'x.once', start, start + 7 * 24 * hour, 10, 'here')).points.map(({ last }) => last),
    [2],
  );
});

test('a device that was silent for days is followed when it speaks again', async (t) => {
  const rig = await openRig(t);
  const tellAndWrite = async (device: string, ...samples: Parameters<typeof rig.tell>[1][]): Promise<void> => {
    await rig.tell(device, ...samples);
    await rig.pass(0);
    await rig.pass(16 * minute);
  };
  await tellAndWrite('d', [start, cel(1)], [start + 1_000, cel(2)]);
  await rig.pass(48 * hour);
  await tellAndWrite('other', [start + 48 * hour, cel(9)]);
  await tellAndWrite('d', [start + 49 * hour, cel(3)]);
  assert.equal((await rig.history.stats()).gathered, 0);
  assert.deepEqual(pairs((await ask(rig, 'temperature', start, start + 50 * hour)).points), [
    [0, 1],
    [1_000, 2],
    [49 * hour, 3],
  ]);
});

test('more metrics than the bound of a device find no place and are counted', async (t) => {
  const rig = await openRig(t);
  await rig.tell('d', [start, ...Array.from({ length: 300 }, (_, i) => ({ n: `x.m${i}`, v: i }))]);
  assert.equal((await rig.history.metrics('d')).length, 256);
  assert.equal((await rig.history.stats()).refused, 44);
});

test('all that is kept comes page by page, once, in the order of arrival', async (t) => {
  const rig = await openRig(t);
  for (let i = 0; i < 20; i += 1) {
    await rig.tell('d', [start + i * hour, cel(i)]);
    await rig.pass(0);
    await rig.pass(16 * minute);
  }
  const want = { device: 'd', metric: 'temperature', from: start, to: start + 19 * hour, tier: 0 as const };
  const found: unknown[] = [];
  let pages = 0;
  for (let page = await rig.history.page(want); ; page = await rig.history.page(want, page.next)) {
    pages += 1;
    found.push(...page.points.map(({ last }) => last));
    if (page.next === undefined) break;
  }
  assert.ok(pages > 2);
  assert.deepEqual(
    found,
    Array.from({ length: 19 }, (_, i) => i),
  );
});

test('the log is followed although commits come all the time and nobody asks', async (t) => {
  const rig = await openRig(t);
  for (let i = 0; i < 40; i += 1) {
    await rig.tell('d', [start + i, cel(i)]);
    await sleep(25);
  }
  await waitUntil('all samples to be gathered', async () => (await rig.history.stats()).gathered === 40);
  assert.equal((await ask(rig, 'temperature', start, start + hour)).points.length, 40);
});
