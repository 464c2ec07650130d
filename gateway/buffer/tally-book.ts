/**
 * What the ledger counts. `accepted`, `filtered` and `refused` (dead letters made before anything was stored) belong
 * to no sink; the rest is counted per sink. `predates` holds what was stored before the sink was configured.
 */
export const counted = [
  'accepted',
  'filtered',
  'refused',
  'buffered',
  'delivered',
  'rejected',
  'expired',
  'evicted',
  'predates',
] as const;
export type Counted = (typeof counted)[number];

/** One change of one number of the ledger; `sink` is empty for what belongs to no sink. */
export type Tally = readonly [device: string, sink: string, what: Counted, reason: string, n: number];

/** Changes of the ledger, added up by line. */
export class TallyBook {
  readonly #lines = new Map<string, [string, string, Counted, string, number]>();

  add(device: string, sink: string, what: Counted, n: number, reason = ''): void {
    const key = `${device}\n${sink}\n${what}\n${reason}`;
    const line = this.#lines.get(key);
    if (line) line[4] += n;
    else this.#lines.set(key, [device, sink, what, reason, n]);
  }

  addAll(tallies: Iterable<Tally>): void {
    for (const [device, sink, what, reason, n] of tallies) this.add(device, sink, what, n, reason);
  }

  /** The lines that differ from zero. */
  lines(): Tally[] {
    return [...this.#lines.values()].filter((line) => line[4] !== 0);
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  clear(): void {
    this.#lines.clear();
  }
}

/** The ledger's view of records that were stored: accepted once, buffered for each sink. */
export function tallyStored(
  book: TallyBook,
  devices: readonly (readonly [string, number])[],
  sinks: readonly string[],
): void {
  for (const [device, n] of devices) {
    book.add(device, '', 'accepted', n);
    for (const sink of sinks) book.add(device, sink, 'buffered', n);
  }
}
