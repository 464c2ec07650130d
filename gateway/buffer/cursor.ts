import type { Lane } from '../../contracts/sink.ts';
import type { OpenBatch } from './batch.ts';
import { Parking, type Parked, type Turn } from './parking.ts';

/** One record of a loan. */
export interface LoanItem {
  readonly lsn: number;
  readonly device: string;
  readonly line: string;
  readonly batch: OpenBatch;
  readonly hist: boolean;
  /** False for a record that was parked before. */
  readonly fresh: boolean;
}

/** `rest`: kept for a reason of the device's own. */
export type Settled = 'accept' | 'keep' | 'rest' | { readonly code: string; readonly detail: string };

interface Loan {
  readonly id: number;
  readonly items: readonly LoanItem[];
  /** Everything fresh up to here was lent or parked when the loan was made. */
  readonly through: number;
  verdicts?: readonly Settled[];
}

/** What settling changed, to be written with the next commit. */
export interface Settlement {
  readonly cursor: number;
  readonly accepted: readonly LoanItem[];
  readonly rejected: readonly { readonly item: LoanItem; readonly code: string; readonly detail: string }[];
  readonly parked: readonly (readonly [lsn: number, parked: Parked])[];
  readonly unparked: readonly number[];
}

/** What a cursor asks of its surroundings. */
export interface Reader {
  at(lane: Lane, lsn: number): OpenBatch | undefined;
  isHistory(batch: OpenBatch): boolean;
}

/** A loan that is being made. */
class Draft {
  readonly items: LoanItem[] = [];
  readonly #want: { readonly records: number; readonly bytes: number };
  #bytes = 0;

  constructor(want: { readonly records: number; readonly bytes: number }) {
    this.#want = want;
  }

  get isFull(): boolean {
    return this.items.length >= this.#want.records;
  }

  /** Takes a record if there is room for it; for one alone there is, whatever its size. */
  take(batch: OpenBatch, index: number, how: Pick<LoanItem, 'hist' | 'fresh'>): boolean {
    const line = batch.lines[index] ?? '';
    if (this.isFull || (this.items.length > 0 && this.#bytes + line.length > this.#want.bytes)) return false;
    this.items.push({ lsn: batch.lsns[index] ?? 0, device: batch.devices[index] ?? '', line, batch, ...how });
    this.#bytes += line.length;
    return true;
  }
}

/** What a loan is made from. `inFlight`: devices with records on other loans; `waiting`: with parked ones outside of it. */
interface Making {
  readonly draft: Draft;
  readonly reader: Reader;
  readonly inFlight: ReadonlySet<string>;
  readonly waiting: Set<string>;
}

/**
 * Where one sink stands in one lane. All records up to `position` are settled or parked; those after it up to the
 * frontier are on loan. Loans are settled in any order and applied in the order they were made, so that one number and
 * the parked records describe the state that survives a crash.
 *
 * Order per device: a record is lent only when no earlier one of its device waits outside the same loan. Where records are
 * parked, they and the fresh ones come first in turn, so that neither can take all the room.
 */
export class Cursor {
  readonly sink: string;
  readonly lane: Lane;
  readonly #maxParked: number;
  readonly #parking = new Parking();
  readonly #firstHist = new Map<number, boolean>();
  readonly #loans: Loan[] = [];
  #position: number;
  #frontier: number;
  #freshFirst = true;

  constructor(sink: string, lane: Lane, position: number, maxParked: number) {
    this.sink = sink;
    this.lane = lane;
    this.#maxParked = maxParked;
    this.#position = position;
    this.#frontier = position + 1;
  }

  get position(): number {
    return this.#position;
  }

  get parked(): ReadonlyMap<number, Parked> {
    return this.#parking.records;
  }

  /** The last lsn that is on loan or behind it; housekeeping stays beyond it. */
  get lentThrough(): number {
    return this.#frontier - 1;
  }

  hasParked(from: number, to: number): boolean {
    for (const lsn of this.parked.keys()) if (lsn >= from && lsn <= to) return true;
    return false;
  }

  /** Puts back a parked record that was read from the database. */
  restore(lsn: number, parked: Parked): void {
    this.#parking.add(lsn, parked);
  }

  lend(id: number, want: { records: number; bytes: number; resting?: boolean }, reader: Reader): readonly LoanItem[] {
    const draft = new Draft(want);
    const inFlight = new Set(this.#loans.flatMap((loan) => loan.items.map((item) => item.device)));
    const turns = this.#parking.turns(want.resting === true);
    const making = { draft, reader, inFlight, waiting: this.#parking.devices() };
    if (turns.length > 0) this.#freshFirst = !this.#freshFirst;
    if (!this.#freshFirst) this.#takeParked(turns, making);
    this.#takeFresh(making);
    if (this.#freshFirst) this.#takeParked(turns, making);
    const { items } = draft;
    if (items.length > 0) this.#loans.push({ id, items, through: this.#frontier - 1 });
    return items;
  }

  #takeParked(turns: readonly Turn[], { draft, reader, inFlight, waiting }: Making): void {
    const take = ([lsn, { hist }]: readonly [number, Parked]): boolean => {
      const batch = reader.at(this.lane, lsn);
      const index = batch?.lsns.indexOf(lsn) ?? -1;
      return batch !== undefined && index >= 0 && draft.take(batch, index, { hist, fresh: false });
    };
    for (const { device, records, isAll } of turns) {
      if (draft.isFull) return;
      if (!inFlight.has(device) && records.every(take) && isAll) waiting.delete(device);
    }
  }

  #takeFresh({ draft, reader, inFlight, waiting }: Making): void {
    const isFull = (): boolean => draft.isFull || this.parked.size >= this.#maxParked;
    for (let open = true; open && !isFull();) {
      const batch = reader.at(this.lane, this.#frontier);
      if (!batch) return;
      for (const [index, lsn] of batch.lsns.entries()) {
        if (lsn < this.#frontier) continue;
        const device = batch.devices[index] ?? '';
        const hist = this.#firstHist.get(lsn) ?? reader.isHistory(batch);
        open = !inFlight.has(device) && this.parked.size < this.#maxParked;
        if (open && waiting.has(device)) this.#parking.add(lsn, { device, hist });
        else open &&= draft.take(batch, index, { hist, fresh: true });
        if (!open) break;
        this.#frontier = lsn + 1;
      }
    }
  }

  /** Undefined when the loan is unknown: made before a restart of the writer, or settled already. */
  settle(id: number, verdicts: readonly Settled[]): Settlement[] | undefined {
    const loan = this.#loans.find((candidate) => candidate.id === id && !candidate.verdicts);
    if (!loan) return undefined;
    loan.verdicts = verdicts;
    const settlements: Settlement[] = [];
    for (let head = this.#loans[0]; head?.verdicts; head = this.#loans[0]) {
      this.#loans.shift();
      settlements.push(this.#apply(head, head.verdicts));
    }
    return settlements;
  }

  #apply(loan: Loan, verdicts: readonly Settled[]): Settlement {
    const rewindTo = this.#loans.length === 0 ? this.#keptTail(loan, verdicts) : undefined;
    const accepted: LoanItem[] = [];
    const rejected: { item: LoanItem; code: string; detail: string }[] = [];
    const unparked: number[] = [];
    const settled = new Map<string, number>();
    const resting = new Set<string>();
    const before = this.#position;
    for (const [index, item] of loan.items.entries()) {
      const verdict = verdicts[index] ?? 'keep';
      const isKept = verdict === 'keep' || verdict === 'rest';
      settled.set(item.device, (settled.get(item.device) ?? 0) + (isKept ? 0 : 1));
      if (verdict === 'rest') resting.add(item.device);
      if (isKept) {
        if (item.fresh && rewindTo !== undefined && item.lsn >= rewindTo) this.#firstHist.set(item.lsn, item.hist);
        else this.#parking.add(item.lsn, { device: item.device, hist: item.hist });
        continue;
      }
      if (verdict === 'accept') accepted.push(item);
      else rejected.push({ item, ...verdict });
      this.#firstHist.delete(item.lsn);
      if (this.#parking.remove(item.lsn)) unparked.push(item.lsn);
    }
    if (rewindTo !== undefined) {
      for (const lsn of this.parked.keys()) if (lsn >= rewindTo) this.#parking.remove(lsn);
      this.#frontier = rewindTo;
    }
    for (const [device, n] of settled) this.#parking.tried(device, n, resting.has(device));
    this.#position = Math.max(before, Math.min(loan.through, this.#frontier - 1));
    const parked = [...this.parked].filter(([lsn]) => lsn > before && lsn <= this.#position);
    return { cursor: this.#position, accepted, rejected, parked, unparked };
  }

  /**
   * Where the unbroken run of kept fresh records at the end of a loan begins. The frontier simply goes back to it:
   * a sink that is away keeps whole batches, and that must not cost a write.
   */
  #keptTail(loan: Loan, verdicts: readonly Settled[]): number | undefined {
    let begin: number | undefined;
    for (let i = loan.items.length - 1; i >= 0; i--) {
      const item = loan.items[i];
      if (!item?.fresh) continue;
      if ((verdicts[i] ?? 'keep') !== 'keep') break;
      begin = item.lsn;
    }
    return begin;
  }
}
