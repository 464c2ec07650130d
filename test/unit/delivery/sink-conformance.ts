import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Batch, BatchItem, Sink, WriteResult } from '../../../contracts/sink.ts';
import { message } from './memory-outlet.ts';

/** What the far side has: one entry per effect, in the order in which they took place. */
export interface Effect {
  readonly id: string;
  readonly device: string;
}

/** A sink with a far side that the suite can take away. Everything is cleaned up by `t`. */
export interface SinkRig {
  readonly sink: Sink;
  /** Makes the far side unreachable or silent; every call fails until `comeBack`. */
  readonly goAway: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  /** Makes the far side do the next call and lose its answer. */
  readonly loseNextAnswer: () => Promise<void>;
  readonly effects: () => Promise<readonly Effect[]>;
}

export type OpenRig = (t: TestContext) => Promise<SinkRig>;

const lasting = (): AbortSignal => new AbortController().signal;

function batchOf(devices: readonly string[], firstLsn = 1): Batch {
  const items = devices.map((device, index): BatchItem => {
    const lsn = firstLsn + index;
    return { lsn, message: message(lsn, device) };
  });
  return { sink: 'conformance', lane: 'normal', items };
}

const all = (result: WriteResult, is: string): boolean => result.verdicts.every((verdict) => verdict.is === is);

/** Writes until everything is settled, as the delivery loop does, at most `tries` times. */
async function writeAll(sink: Sink, batch: Batch, tries = 10): Promise<void> {
  let items = batch.items;
  for (let i = 0; i < tries && items.length > 0; i++) {
    const { verdicts } = await sink.write({ ...batch, items }, lasting());
    items = items.filter((_item, index) => verdicts[index]?.is === 'keep');
  }
  assert.equal(items.length, 0, `${items.length} records are still kept after ${tries} tries`);
}

/** What every implementation of `Sink` promises (contracts/sink.ts). */
export function sinkConformance(name: string, open: OpenRig): void {
  test(`${name}: gives one verdict per record, and each accepted record has one effect`, async (t) => {
    const { sink, effects } = await open(t);
    await sink.connect(lasting());
    const batch = batchOf(['a', 'b', 'a', 'c', 'a']);
    const result = await sink.write(batch, lasting());
    assert.equal(result.verdicts.length, 5);
    assert.ok(all(result, 'accept'));
    assert.deepEqual((await effects()).map(({ id }) => id).sort(), batch.items.map(({ message: m }) => m.id).sort());
  });

  test(`${name}: keeps the order of each device`, async (t) => {
    const { sink, effects } = await open(t);
    await sink.connect(lasting());
    await writeAll(sink, batchOf(Array.from({ length: 120 }, (_, i) => `d${(i * 7) % 5}`)));
    const seen = await effects();
    for (const device of new Set(seen.map((effect) => effect.device))) {
      const ids = seen.filter((effect) => effect.device === device).map((effect) => effect.id);
      assert.deepEqual(ids, ids.toSorted());
    }
    assert.equal(seen.length, 120);
  });

  test(`${name}: keeps everything while the far side is away, asks for a pause, and does not throw`, async (t) => {
    const { sink, effects, goAway, comeBack } = await open(t);
    await sink.connect(lasting());
    await goAway();
    const batch = batchOf(['a', 'b', 'c']);
    const result = await sink.write(batch, lasting());
    assert.ok(all(result, 'keep'));
    assert.ok(result.pause);
    await comeBack();
    await writeAll(sink, batch);
    assert.equal((await effects()).length, 3);
  });

  test(`${name}: a connect that fails rejects with a retryable error, and a later one succeeds`, async (t) => {
    const { sink, goAway, comeBack } = await open(t);
    await goAway();
    await assert.rejects(sink.connect(lasting()), (error) => error instanceof PortcullisError && error.retryable);
    await comeBack();
    await sink.connect(lasting());
  });

  test(`${name}: the same records written twice have one effect`, async (t) => {
    const { sink, effects } = await open(t);
    await sink.connect(lasting());
    const batch = batchOf(['a', 'b', 'a']);
    await writeAll(sink, batch);
    await writeAll(sink, batch);
    assert.equal((await effects()).length, 3);
  });

  test(`${name}: a lost answer leads to one effect`, async (t) => {
    const { sink, effects, loseNextAnswer } = await open(t);
    await sink.connect(lasting());
    await writeAll(sink, batchOf(['a']));
    await loseNextAnswer();
    await writeAll(sink, batchOf(['a', 'a'], 2));
    assert.equal((await effects()).length, 3);
  });

  test(`${name}: an aborted write ends soon, with what is not known to have arrived kept`, async (t) => {
    const { sink, goAway } = await open(t);
    await sink.connect(lasting());
    await goAway();
    const result = await sink.write(batchOf(['a', 'b']), AbortSignal.abort());
    assert.ok(all(result, 'keep'));
  });

  test(`${name}: has limits, and disposing it twice is disposing it once`, async (t) => {
    const { sink } = await open(t);
    assert.ok(sink.limits.records > 0 && sink.limits.bytes > 0);
    await sink[Symbol.asyncDispose]();
    await sink[Symbol.asyncDispose]();
  });
}
