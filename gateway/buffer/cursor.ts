import type { Lane } from '../../contracts/sink.ts';
import type { OpenBatch } from './batch.ts';

/** A record that waits although newer ones were settled. `hist` was decided when it was first lent. */
export interface Parked {
  readonly device: string;
  readonly hist: boolean;
}

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

export type Settled = 'accept' | 'keep' | { readonly code: string; readonly detail: string };

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

/**
 * Where one sink stands in one lane. All records up to `position` are settled or parked; those after it up to the
 * frontier are on loan. Loans are settled in any order and applied in the order they were made, so that one number and
 * the parked records describe the state that survives a crash.
 *
 * Order per device: a record is lent only when no earlier one of its device waits outside the same loan.
 */
export class Cursor {
  readonly sink: string;
  readonly lane: Lane;
  readonly #maxParked: number;
  readonly #parked = new Map<number, Parked>();
  readonly #firstHist = new Map<number, boolean>();
  readonly #loans: Loan[] = [];
  #position: number;
  #frontier: number;

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
    return this.#parked;
  }

  /** The last lsn that is on loan or behind it; housekeeping stays beyond it. */
  get lentThrough(): number {
    return this.#frontier - 1;
  }

  hasParked(from: number, to: number): boolean {
    for (const lsn of this.#parked.keys()) if (lsn >= from && lsn <= to) return true;
    return false;
  }

  /** Puts back a parked record that was read from the database. */
  restore(lsn: number, parked: Parked): void {
    this.#parked.set(lsn, parked);
  }

  lend(id: number, want: { records: number; bytes: number }, reader: Reader): readonly LoanItem[] {
    const items: LoanItem[] = [];
    const inFlight = new Set(this.#loans.flatMap((loan) => loan.items.map((item) => item.device)));
    const waiting = new Set<string>();
    let bytes = 0;
    const fits = (line: string): boolean =>
      items.length < want.records && (items.length === 0 || bytes + line.length <= want.bytes);
    const take = (batch: OpenBatch, index: number, hist: boolean, fresh: boolean): void => {
      const line = batch.lines[index] ?? '';
      items.push({ lsn: batch.lsns[index] ?? 0, device: batch.devices[index] ?? '', line, batch, hist, fresh });
      bytes += line.length;
    };

    for (const [lsn, { device, hist }] of [...this.#parked].sort((a, b) => a[0] - b[0])) {
      const batch = inFlight.has(device) || waiting.has(device) ? undefined : reader.at(this.lane, lsn);
      const index = batch?.lsns.indexOf(lsn) ?? -1;
      if (batch && index >= 0 && fits(batch.lines[index] ?? '')) take(batch, index, hist, false);
      else waiting.add(device);
    }
    let next = this.#frontier;
    let open = true;
    while (open && items.length < want.records && this.#parked.size < this.#maxParked) {
      const batch = reader.at(this.lane, next);
      if (!batch) break;
      for (const [index, lsn] of batch.lsns.entries()) {
        if (lsn < next) continue;
        const device = batch.devices[index] ?? '';
        const hist = this.#firstHist.get(lsn) ?? reader.isHistory(batch);
        open = !inFlight.has(device) && this.#parked.size < this.#maxParked;
        if (open && waiting.has(device)) this.#parked.set(lsn, { device, hist });
        else if (open && fits(batch.lines[index] ?? '')) take(batch, index, hist, true);
        else open = false;
        if (!open) break;
        next = lsn + 1;
      }
    }
    this.#frontier = next;
    if (items.length > 0) this.#loans.push({ id, items, through: next - 1 });
    return items;
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
    const before = this.#position;
    for (const [index, item] of loan.items.entries()) {
      const verdict = verdicts[index] ?? 'keep';
      if (verdict === 'keep') {
        if (item.fresh && rewindTo !== undefined && item.lsn >= rewindTo) this.#firstHist.set(item.lsn, item.hist);
        else this.#parked.set(item.lsn, { device: item.device, hist: item.hist });
        continue;
      }
      if (verdict === 'accept') accepted.push(item);
      else rejected.push({ item, ...verdict });
      this.#firstHist.delete(item.lsn);
      if (this.#parked.delete(item.lsn)) unparked.push(item.lsn);
    }
    if (rewindTo !== undefined) {
      for (const lsn of this.#parked.keys()) if (lsn >= rewindTo) this.#parked.delete(lsn);
      this.#frontier = rewindTo;
    }
    this.#position = Math.max(before, Math.min(loan.through, this.#frontier - 1));
    const parked = [...this.#parked].filter(([lsn]) => lsn > before && lsn <= this.#position);
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
      if (!item?.fresh || (verdicts[i] ?? 'keep') !== 'keep') break;
      begin = item.lsn;
    }
    return begin;
  }
}
