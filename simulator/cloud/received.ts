/** One idempotency key of one device, as `/_mock/received` shows it. Times are wall milliseconds. */
export interface ReceivedRow {
  readonly key: string;
  readonly device: string;
  /** How often the key arrived in an accepted call, and how often that changed anything. */
  readonly times: number;
  readonly effects: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The first values that came under this key, cut to 64 characters. */
  readonly summary: string;
}

export interface ReceivedTotals {
  /** Distinct keys ever seen; rows forgotten because of the bound are still counted. */
  readonly count: number;
  readonly times: number;
  readonly effects: number;
  readonly forgotten: number;
}

/** A row in memory: times are offsets, so that they stay small integers; `id` is key and device in one text. */
interface Kept {
  readonly id: string;
  readonly summary: string;
  readonly first: number;
  last: number;
  times: number;
  effects: number;
}

const summaryLength = 64;

/** A copy that does not keep the request text alive, which slices and concatenations of it would. */
const flat = (text: string): string => Buffer.from(text).toString();

/**
 * Remembers every idempotency key, oldest first, at most `maxRows`; past that the oldest tenth is forgotten and counted.
 * `count` decides alone whether a key takes effect, so that what is shown is what was done.
 */
export class ReceivedLog {
  readonly #maxRows: number;
  readonly #index = new Map<string, Kept>();
  #rows: Kept[] = [];
  #base = 0;
  #times = 0;
  #effects = 0;
  #epoch: number | undefined;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  has(device: string, key: string): boolean {
    return this.#index.has(`${key} ${device}`);
  }

  /** Counts one arrival. `effect` says whether the caller applies it. */
  count(arrival: { device: string; key: string; summary: string; effect: boolean; now: number }): void {
    const { device, key, effect, now } = arrival;
    this.#epoch ??= now;
    const at = Math.trunc(now - this.#epoch);
    const id = `${key} ${device}`;
    const gain = effect ? 1 : 0;
    this.#times++;
    this.#effects += gain;
    const known = this.#index.get(id);
    if (known) {
      known.times++;
      known.effects += gain;
      known.last = at;
      return;
    }
    const summary = flat(arrival.summary.slice(0, summaryLength));
    const row: Kept = { id: flat(id), summary, first: at, last: at, times: 1, effects: gain };
    this.#index.set(row.id, row);
    this.#rows.push(row);
    if (this.#rows.length > this.#maxRows) this.#forgetOldest();
  }

  /** Rows whose first arrival was at `since` or later, from place `cursor`; `next` is where the following page begins. */
  page(want: { since: number; cursor: number; limit: number }): { rows: ReceivedRow[]; next: number | null } {
    const rows: ReceivedRow[] = [];
    let at = Math.max(0, want.cursor - this.#base);
    for (; at < this.#rows.length && rows.length < want.limit; at++) {
      const row = this.#shown(this.#rows[at] as Kept);
      if (row.firstAt >= want.since) rows.push(row);
    }
    return { rows, next: at < this.#rows.length ? this.#base + at : null };
  }

  totals(): ReceivedTotals {
    return {
      count: this.#base + this.#rows.length,
      times: this.#times,
      effects: this.#effects,
      forgotten: this.#base,
    };
  }

  clear(): void {
    this.#index.clear();
    this.#rows = [];
    this.#base = 0;
    this.#times = 0;
    this.#effects = 0;
  }

  #forgetOldest(): void {
    const gone = this.#rows.splice(0, Math.max(1, Math.floor(this.#maxRows / 10)));
    for (const row of gone) this.#index.delete(row.id);
    this.#base += gone.length;
  }

  #shown(row: Kept): ReceivedRow {
    const cut = row.id.lastIndexOf(' ');
    const epoch = this.#epoch ?? 0;
    return {
      key: row.id.slice(0, cut),
      device: row.id.slice(cut + 1),
      times: row.times,
      effects: row.effects,
      firstAt: epoch + row.first,
      lastAt: epoch + row.last,
      summary: row.summary,
    };
  }
}
