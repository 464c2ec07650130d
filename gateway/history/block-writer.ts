import type { FollowerPort } from '../../contracts/log-follower.ts';
import { lanes, type Lane } from '../../contracts/sink.ts';
import type { SqlValue } from '../../contracts/table-set.ts';
import { packBlock, type BlockPart } from './block.ts';
import type { Gathered } from './gathering.ts';
import { nextSeries, written, type Marks } from './marks.ts';
import { shardCount } from './options.ts';
import { noSamples, writeSamples, type Samples } from './samples.ts';
import type { Series, SeriesBook } from './series-book.ts';

const dayMs = 86_400_000;

/** Series of one block: with samples, and counters that were silent. */
interface Shard {
  readonly sampled: number[];
  readonly carried: [series: number, samples: Samples][];
}

/** Samples that are packed shard by shard and committed at once, with the place in the log up to which they reach. */
export class BlockWriter {
  readonly gathered: Gathered;
  readonly #upTo: Readonly<Record<Lane, number>>;
  readonly #book: SeriesBook;
  readonly #shards = new Map<number, Shard>();
  readonly #rows: SqlValue[][] = [];
  #next = 0;

  constructor(gathered: Gathered, upTo: Readonly<Record<Lane, number>>, book: SeriesBook) {
    this.gathered = gathered;
    this.#upTo = upTo;
    this.#book = book;
    for (const id of gathered.series.keys()) {
      const series = book.byId(id);
      if (series !== undefined) this.#shard(series.shard).sampled.push(id);
    }
    // A counter that was silent is carried along, so that the newest block of a shard knows where its counters stand.
    for (const [id, shard, state] of book.counters()) {
      if (!gathered.series.has(id)) this.#shards.get(shard)?.carried.push([id, noSamples(state)]);
    }
  }

  get isPacked(): boolean {
    return this.#next >= shardCount;
  }

  packNext(upMs: number): void {
    const shard = this.#shards.get(this.#next);
    if (shard !== undefined) {
      const parts = [...this.gathered.samplesOf(shard.sampled), ...shard.carried];
      this.#rows.push(rowOf(this.#next, parts, upMs));
    }
    this.#shards.delete(this.#next);
    this.#next += 1;
  }

  /** To be called inside a transaction; what it changed in memory is to be taken by `written` after it. */
  write(port: FollowerPort, marks: Marks): void {
    for (const id of this.gathered.series.keys()) {
      const series = this.#book.byId(id);
      if (series?.isNew) port.run('history.addSeries', rowOfSeries(series));
      else if (series && series.heardUpMs - series.toldUpMs >= dayMs)
        port.run('history.heard', [series.heardUpMs, id, series.heardUpMs]);
    }
    for (const row of this.#rows) port.run('history.addBlock', row);
    for (const lane of lanes) marks.set(written(lane), this.#upTo[lane]);
    marks.set(nextSeries, this.#book.nextId);
  }

  written(): void {
    for (const id of this.gathered.series.keys()) {
      const series = this.#book.byId(id);
      if (series === undefined) continue;
      if (series.isNew || series.heardUpMs - series.toldUpMs >= dayMs) series.toldUpMs = series.heardUpMs;
      series.isNew = false;
    }
  }

  #shard(shard: number): Shard {
    const own = this.#shards.get(shard) ?? { sampled: [], carried: [] };
    this.#shards.set(shard, own);
    return own;
  }
}

function rowOf(
  shard: number,
  parts: readonly (readonly [series: number, samples: Samples])[],
  upMs: number,
): SqlValue[] {
  let [from, to] = [Infinity, 0];
  for (const [, { times }] of parts) {
    for (const at of times) {
      if (at < from) from = at;
      if (at > to) to = at;
    }
  }
  const data = packBlock(
    parts.map(([series, samples]): BlockPart => ({ series, write: (out) => writeSamples(out, samples) })),
  );
  return [0, shard, from, to, Math.floor(upMs), data.length, data];
}

const rowOfSeries = ({ id, device, metric, type, unit, counter, heardUpMs }: Series): SqlValue[] => [
  id,
  device,
  metric,
  type,
  unit,
  counter ? 1 : 0,
  Math.floor(heardUpMs),
];
