import type { Measurement } from '../../contracts/message.ts';
import type { Entry } from '../../contracts/pipeline.ts';
import type { Write } from '../../contracts/table-set.ts';
import type { TwinChange } from '../../contracts/twin.ts';
import { changeEvent } from './change-event.ts';
import { addWrite, putWrite } from './tables.ts';
import type { Note, Twin } from './twin.ts';

/** Rows of history between two looks at how many there are. */
const trimEvery = 16;

/** What changes of twins leave behind, to be committed at once: a row per twin, rows of history, change events. */
export class Traces {
  readonly #twins = new Map<Twin, number>();
  readonly #changes: (readonly [device: string, change: TwinChange])[] = [];
  readonly #dropped = new Map<Twin, number>();
  readonly #wall: number;

  constructor(wall: number) {
    this.#wall = Math.trunc(wall);
  }

  get isEmpty(): boolean {
    return this.#twins.size + this.#dropped.size === 0;
  }

  /** Changes a twin: when there is something to tell, it is saved. */
  collect<Result>(twin: Twin, change: (note: Note) => Result): Result {
    const before = twin.version;
    return change((told) => {
      this.keep(twin, before);
      twin.changes += 1;
      this.#changes.push([twin.device, { n: twin.changes, at: this.#wall, ...told }]);
    });
  }

  /** Saves a twin; the wishes are told when its version has grown since `before`. */
  keep(twin: Twin, before = twin.version): void {
    if (!this.#twins.has(twin)) this.#twins.set(twin, before);
  }

  /** Deletes a twin with its history; no later twin goes below the version `floor`. */
  drop(twin: Twin, floor: number): void {
    this.#dropped.set(twin, floor);
  }

  /** Takes over what could not be committed; keeps the newest changes when there are too many, and says how many go. */
  absorb(other: Traces, most: number): number {
    for (const [twin, version] of other.#twins)
      this.#twins.set(twin, Math.min(version, this.#twins.get(twin) ?? version));
    for (const [twin, floor] of other.#dropped) this.#dropped.set(twin, floor);
    this.#changes.unshift(...other.#changes);
    const over = Math.max(0, this.#changes.length - most);
    this.#changes.splice(0, over);
    return over;
  }

  /** `depth` changes of a device are kept, none older than `ageMs`. */
  writes(depth: number, ageMs: number): Write[] {
    const writes = [...this.#dropped].flatMap(([{ device }, floor]): Write[] => [
      { statement: 'twin.drop', params: [device] },
      { statement: 'twin.dropHistory', params: [device] },
      { statement: 'twin.raiseFloor', params: [floor] },
    ]);
    writes.push(...[...this.#twins.keys()].map(putWrite));
    for (const [device, change] of this.#changes) {
      writes.push(addWrite(device, change));
      if (change.n % trimEvery > 0) continue;
      writes.push({ statement: 'twin.trim', params: [device, change.n - depth, this.#wall - ageMs] });
    }
    return writes;
  }

  /** Leaves out of the history what did not happen after all. */
  forgetChanges(): void {
    this.#changes.length = 0;
  }

  /** The twins whose wishes changed. */
  changed(): Twin[] {
    return [...this.#twins].flatMap(([twin, before]) => (twin.version > before ? [twin] : []));
  }

  events(): Measurement[] {
    const dropped = [...this.#dropped.keys()].filter(({ version, born }) => version > born);
    const changed = [...this.#twins].filter(([{ version }, before]) => version > before);
    return [
      ...dropped.map((twin) => changeEvent({ ...twin, version: twin.version + 1 }, 'deleted', this.#wall)),
      ...changed.map(([twin, before]) => changeEvent(twin, before === twin.born ? 'created' : 'updated', this.#wall)),
    ];
  }

  /** The entry with what has to be committed together with it. */
  alongside(entry: Entry, depth: number, ageMs: number): Entry {
    return {
      ...entry,
      measurements: [...entry.measurements, ...this.events()],
      writes: [...entry.writes, ...this.writes(depth, ageMs)],
    };
  }
}
