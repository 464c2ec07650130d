/** Calls that an account allows: `perSecond` on average, `burst` at once. */
export interface QuotaOptions {
  readonly perSecond: number;
  readonly burst: number;
}

/** Part of the burst that only urgent calls may use. */
const reservedShare = 0.2;

/** A token bucket over monotonic time, so that a clock that is set neither fills nor empties it. */
export class CallQuota {
  readonly #options: QuotaOptions;
  #tokens: number;
  #at: number;

  constructor(options: QuotaOptions, nowMs: number) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#at = nowMs;
  }

  /** Calls that may go at once. */
  available(nowMs: number, urgent: boolean): number {
    this.#fill(nowMs);
    return Math.max(0, Math.floor(this.#tokens - this.#reserve(urgent)));
  }

  /** Takes one call and returns how many milliseconds to wait before making it; the wait is already paid for. */
  take(nowMs: number, urgent: boolean): number {
    this.#fill(nowMs);
    this.#tokens -= 1;
    return Math.max(0, Math.ceil(((this.#reserve(urgent) - this.#tokens) / this.#options.perSecond) * 1_000));
  }

  /** Gives a call back that was taken and not made. */
  giveBack(): void {
    this.#tokens = Math.min(this.#options.burst, this.#tokens + 1);
  }

  #reserve(urgent: boolean): number {
    return urgent ? 0 : Math.floor(this.#options.burst * reservedShare);
  }

  #fill(nowMs: number): void {
    const grown = this.#tokens + ((nowMs - this.#at) / 1_000) * this.#options.perSecond;
    this.#tokens = Math.min(this.#options.burst, grown);
    this.#at = nowMs;
  }
}
