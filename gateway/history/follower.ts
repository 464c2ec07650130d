import type { HistoryMetric } from '../../contracts/history.ts';
import type { FollowedBatch, FollowerMoment, FollowerPort, LogFollower } from '../../contracts/log-follower.ts';
import { lanes, type Lane } from '../../contracts/sink.ts';
import { BlockWriter } from './block-writer.ts';
import { Gathering, type Gathered } from './gathering.ts';
import { Marks } from './marks.ts';
import { historyBounds, shardCount, tiers, type HistoryOptions } from './options.ts';
import type { Answers, Question, SeriesFound } from './questions.ts';
import { RecordShapes } from './record-shapes.ts';
import { dropOld } from './retention.ts';
import { Roller } from './roller.ts';
import { counterAfter, readSamples, type Samples, type ValueType } from './samples.ts';
import { scan, type ScanParts } from './scan.ts';
import { SeriesBook, type SeriesKey } from './series-book.ts';
import { Shelf } from './shelf.ts';

/** The file of this module, from source and from the build alike, for the writer thread to load. */
export const filename = import.meta.filename;

/** Records of one step: short enough that a commit behind it does not notice. */
const recordsPerStep = 200;
const dayMs = 86_400_000;

/**
 * History inside the writer thread: takes the log apart into samples, writes them as blocks when enough have gathered,
 * rolls blocks up and drops the oldest. One step does one of these, the most urgent first.
 */
export function openFollower(port: FollowerPort, options: HistoryOptions): LogFollower {
  return new HistoryFollower(port, options);
}

class HistoryFollower implements LogFollower {
  readonly #port: FollowerPort;
  readonly #options: HistoryOptions;
  readonly #marks: Marks;
  readonly #book: SeriesBook;
  readonly #roller: Roller;
  readonly #shelf: Shelf;
  readonly #next: Record<Lane, number>;
  readonly #shapes = new RecordShapes();
  #gathering: Gathering;
  #writing: BlockWriter | undefined;
  /** Of the last step; before it every mark is believed. */
  #upMs = 0;
  #wallMs = Infinity;
  #retainsNext = true;
  #refused = 0;

  constructor(port: FollowerPort, options: HistoryOptions) {
    this.#port = port;
    this.#options = options;
    this.#marks = new Marks(port);
    this.#shelf = new Shelf(port);
    this.#book = new SeriesBook(port, this.#marks.nextSeries);
    this.#roller = new Roller(port, this.#marks, this.#shelf);
    this.#next = { urgent: this.#marks.written('urgent'), normal: this.#marks.written('normal') };
    this.#gathering = new Gathering(this.#book, this.#shapes);
    this.#recallCounters();
    this.#roller.due();
  }

  needsFrom(lane: Lane): number {
    return this.#marks.written(lane);
  }

  followed(): number {
    return Math.min(...lanes.map((lane) => this.#next[lane]));
  }

  step({ upMs, wallMs }: FollowerMoment): { more: boolean; againInMs?: number } {
    this.#upMs = upMs;
    this.#wallMs = wallMs;
    if (this.#writing) {
      this.#write(this.#writing, upMs);
      return { more: true };
    }
    if (this.#isDue(upMs)) {
      this.#writing = this.#gathered();
      return { more: true };
    }
    if (this.#follow(upMs) || this.#roller.step(upMs)) return { more: true };
    if (this.#retainsNext) {
      const done = dropOld(this.#port, this.#marks, this.#options, { upMs, wallMs });
      if (done.is === 'not-rolled-up') this.#roller.dueEarly(done.tier, done.shard);
      this.#retainsNext = done.is !== 'well';
      return { more: true };
    }
    const { count, sinceUpMs } = this.#gathering;
    if (count === 0) return { more: false };
    return { more: false, againInMs: Math.max(0, sinceUpMs + this.#options.gatherMs - upMs) };
  }

  ask(asked: unknown): Answers[Question['ask']] {
    const question = asked as Question;
    if (question.ask === 'scan') return scan(question, this.#parts());
    if (question.ask === 'find') return { series: this.#find(question), keptFrom: this.#keptFrom() };
    if (question.ask === 'metrics') return this.#metricsOf(question.device);
    if (question.ask === 'stats') return this.#stats();
    this.#forget(question.device);
    return undefined;
  }

  /** What was gathered goes into blocks first: a later life would read it in the log again, as of a new device. */
  #forget(device: string): void {
    while (this.#writing) this.#write(this.#writing, this.#upMs);
    this.#writing = this.#gathered();
    while (this.#writing) this.#write(this.#writing, this.#upMs);
    this.#book.forget(device);
    this.#shapes.clear();
  }

  /** All that was taken from the log, on its way into blocks. */
  #gathered(): BlockWriter {
    const writing = new BlockWriter(this.#gathering, { ...this.#next }, this.#book);
    this.#gathering = new Gathering(this.#book, this.#shapes);
    return writing;
  }

  #parts(): ScanParts {
    return { port: this.#port, marks: this.#marks, shelf: this.#shelf, gathered: this.#held };
  }

  get #held(): Gathered[] {
    return this.#writing ? [this.#writing.gathered, this.#gathering] : [this.#gathering];
  }

  #isDue(upMs: number): boolean {
    const { count, sinceUpMs } = this.#gathering;
    return count >= historyBounds.maxGathered || (count > 0 && upMs - sinceUpMs >= this.#options.gatherMs);
  }

  #write(writing: BlockWriter, upMs: number): void {
    if (!writing.isPacked) {
      writing.packNext(upMs);
      return;
    }
    try {
      this.#port.transaction(() => writing.write(this.#port, this.#marks));
    } catch (error) {
      this.#marks.reload();
      throw error;
    }
    writing.written();
    this.#writing = undefined;
    this.#retainsNext = true;
    this.#roller.due();
    const isFewer = this.#book.letGo(upMs - dayMs);
    const areGone = this.#book.dropUnheard(upMs - Math.max(...this.#options.keepMs) - 2 * dayMs);
    if (isFewer || areGone) this.#shapes.clear();
  }

  /** Takes some records; false when it stands at the end of the log. */
  #follow(upMs: number): boolean {
    let taken = 0;
    for (const lane of lanes) {
      while (taken < recordsPerStep) {
        const end = this.#port.nextLsn();
        const batch = this.#next[lane] < end ? this.#port.batchAt(lane, this.#next[lane]) : undefined;
        if (batch === undefined) {
          this.#next[lane] = end;
          break;
        }
        taken += this.#take(batch, this.#next[lane], upMs);
        this.#next[lane] = (batch.lsns.at(-1) ?? this.#next[lane]) + 1;
      }
    }
    return taken > 0;
  }

  #take({ lsns, lines }: FollowedBatch, from: number, upMs: number): number {
    let at = 0;
    let taken = 0;
    for (const line of lines) {
      const lsn = lsns[at++] ?? 0;
      if (lsn < from) continue;
      this.#refused += this.#gathering.take(line, upMs);
      taken += 1;
    }
    return Math.max(1, taken);
  }

  /** Where counters stood is in the newest block of each shard. */
  #recallCounters(): void {
    for (let shard = 0; shard < shardCount; shard += 1) {
      const id = Number(this.#port.all('history.newestOf', [shard])[0]?.['id'] ?? 0);
      for (const { series, body } of this.#shelf.open(id)) this.#recall(series, shard, readSamples(body));
    }
  }

  #recall(series: number, shard: number, samples: Samples): void {
    const state = counterAfter(samples);
    if (state !== undefined) this.#book.recall(series, shard, state);
  }

  #find({ device, metric }: { readonly device: string; readonly metric: string }): SeriesFound[] {
    const stored = this.#port
      .all('history.seriesNamed', [device, metric])
      .map(({ id, type, unit, counter }): SeriesFound => ({
        id: Number(id),
        type: type as ValueType,
        unit: String(unit),
        counter: counter === 1,
      }));
    const fresh = [...this.#book.of(device)].filter((one) => one.isNew && one.metric === metric);
    return [...stored, ...fresh.map(({ id, type, unit, counter }) => ({ id, type, unit, counter }))];
  }

  #metricsOf(device: string): HistoryMetric[] {
    const stored = this.#port.all('history.seriesOf', [device]).map(({ metric, type, unit, counter }) => ({
      metric: String(metric),
      type: type as ValueType,
      unit: String(unit),
      counter: counter === 1,
    }));
    const fresh = [...this.#book.of(device)].filter(({ isNew }) => isNew);
    return [...stored, ...fresh].map(shownMetric);
  }

  #keptFrom(): [number, number, number] {
    const of = (tier: 0 | 1 | 2): number => {
      const upTo = this.#marks.dropped(tier);
      if (upTo <= this.#wallMs) return upTo + 1;
      const left = this.#port.all('history.sizes', []).find((one) => one['tier'] === tier);
      return Number(left?.['since'] ?? 0);
    };
    return [of(0), of(1), of(2)];
  }

  #stats(): Answers['stats'] {
    const sizes = this.#port.all('history.sizes', []);
    const gathered = this.#held.reduce((sum, { count }) => sum + count, 0);
    return {
      series: this.#book.count,
      gathered,
      refused: this.#refused,
      damaged: this.#shelf.damaged,
      tiers: tiers.map((tier) => {
        const row = sizes.find((one) => one['tier'] === tier);
        return { bytes: Number(row?.['bytes'] ?? 0), blocks: Number(row?.['blocks'] ?? 0) };
      }),
    };
  }
}

function shownMetric({ metric, type, unit, counter }: Omit<SeriesKey, 'device'>): HistoryMetric {
  return { metric, type, ...(unit !== '' && { unit }), counter };
}
