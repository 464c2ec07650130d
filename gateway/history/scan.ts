import type { FollowerPort } from '../../contracts/log-follower.ts';
import type { ByteReader } from './byte-coding.ts';
import type { Gathered } from './gathering.ts';
import type { Marks } from './marks.ts';
import type { Shelf } from './shelf.ts';
import type { Tier } from './options.ts';
import type { Place, SampleRun, ScanAnswer, ScanQuestion } from './questions.ts';
import { increasesOf, readSamples, type Samples } from './samples.ts';
import { shardOf } from './series-book.ts';
import { addSamples, addSlot, readSlots, type Slots } from './slots.ts';

/** A slice ends after either. */
const blocksPerStep = 6;
const samplesPerStep = 20_000;

export interface ScanParts {
  readonly port: FollowerPort;
  readonly marks: Marks;
  readonly shelf: Shelf;
  /** What is not in a block yet, the earlier first. */
  readonly gathered: readonly Gathered[];
}

/**
 * One slice of the way through a range: first the blocks of the wanted tier, then what was not rolled up into it yet,
 * tier by tier down to the samples, at last what is in memory. Where the roll-ups stood is noted at the begin, so that
 * one in between counts nothing twice.
 */
export function scan(question: ScanQuestion, { port, marks, shelf, gathered }: ScanParts): ScanAnswer {
  const shard = shardOf(question.device);
  const place = question.place ?? begin(question.tier, shard, { port, marks });
  const { tier, after, newest, rolledUp } = place;
  const taking = new Taking(question);
  const upTo = tier === 0 ? Number.MAX_SAFE_INTEGER : newest;
  const ids = port
    .all('history.blocksIn', [tier, after, upTo, shard, question.from, question.to, blocksPerStep])
    .map(({ id }) => Number(id));
  let last = after;
  let opened = 0;
  for (const id of ids) {
    taking.block(tier, shelf.open(id));
    last = id;
    opened += 1;
    if (taking.count >= samplesPerStep) break;
  }
  if (opened === blocksPerStep || opened < ids.length) return taking.answer({ ...place, after: last });
  if (tier === 2) return taking.answer({ ...place, tier: 1, after: rolledUp[1] });
  if (tier === 1) return taking.answer({ ...place, tier: 0, after: rolledUp[0] });
  for (const one of gathered) {
    for (const samples of one.samplesOf(question.series).values()) taking.samples(samples);
  }
  return taking.answer(undefined);
}

function begin(tier: Tier, shard: number, { port, marks }: Pick<ScanParts, 'port' | 'marks'>): Place {
  const newest = Number(port.all('history.newest', [])[0]?.['id'] ?? 0);
  return { tier, after: 0, newest, rolledUp: [marks.rolledUp(0, shard), marks.rolledUp(1, shard)] };
}

/** What a slice found, cut to the range. */
class Taking {
  readonly #question: ScanQuestion;
  readonly #series: ReadonlySet<number>;
  readonly #runs: SampleRun[] = [];
  readonly #slots: Slots = new Map();
  count = 0;

  constructor(question: ScanQuestion) {
    this.#question = question;
    this.#series = new Set(question.series);
  }

  block(tier: Tier, parts: ReturnType<Shelf['open']>): void {
    for (const { series, body } of parts) {
      if (!this.#series.has(series)) continue;
      if (tier === 0) this.samples(readSamples(body));
      else this.#rolled(body);
    }
  }

  samples(samples: Samples): void {
    this.count += samples.times.length;
    const { from, to, slotMs } = this.#question;
    if (slotMs > 0) {
      if (samples.texts.length === 0) addSamples(this.#slots, samples, slotMs, { from, to });
      return;
    }
    const values = samples.texts.length > 0 ? samples.texts : samples.values;
    const increases = increasesOf(samples);
    const within = [...samples.times.keys()].filter((i) => {
      const at = samples.times[i] ?? 0;
      return at >= from && at < to;
    });
    if (within.length === 0) return;
    this.#runs.push({
      times: within.map((i) => samples.times[i] ?? 0),
      values: within.map((i) => values[i] ?? 0),
      increases: increases.length > 0 ? within.map((i) => increases[i] ?? 0) : [],
    });
  }

  answer(place: Place | undefined): ScanAnswer {
    return { samples: this.#runs, slots: [...this.#slots.values()], place };
  }

  /** A slot belongs to the range in which it begins: ranges that follow each other count nothing twice and leave nothing out. */
  #rolled(body: ByteReader): void {
    const { from, to, slotMs } = this.#question;
    for (const slot of readSlots(body).slots) {
      if (slot.at >= from && slot.at < to) addSlot(this.#slots, slot, slotMs);
    }
  }
}
