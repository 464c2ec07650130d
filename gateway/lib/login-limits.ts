/** Failures within `windowMs` that lock a key out for `lockMs`. */
export interface Rule {
  readonly failures: number;
  readonly windowMs: number;
  readonly lockMs: number;
}

/** One misconfigured device beside others behind an address must not lock them out, a guesser must. */
const perUser: Rule = { failures: 5, windowMs: 60_000, lockMs: 60_000 };
const perAddress: Rule = { failures: 50, windowMs: 60_000, lockMs: 300_000 };

/** Keys remembered at once; the oldest is forgotten. */
const maxKeys = 10_000;

interface Attempts {
  count: number;
  windowEnd: number;
  lockedUntil: number;
}

/**
 * Failed logins per address, and per user from an address. A user is not locked for everybody: that would let a
 * stranger lock a device out. All times are monotonic milliseconds.
 */
export class LoginLimits {
  readonly #attempts = new Map<string, Attempts>();
  readonly #perUser: Rule;
  readonly #perAddress: Rule;

  constructor(rules: { readonly perUser: Rule; readonly perAddress: Rule } = { perUser, perAddress }) {
    this.#perUser = rules.perUser;
    this.#perAddress = rules.perAddress;
  }

  isLocked(address: string, user: string, now: number): boolean {
    return this.#isLocked(address, now) || this.#isLocked(pair(address, user), now);
  }

  failed(address: string, user: string, now: number): void {
    this.#count(pair(address, user), this.#perUser, now);
    this.#count(address, this.#perAddress, now);
  }

  succeeded(address: string, user: string): void {
    this.#attempts.delete(pair(address, user));
  }

  #isLocked(key: string, now: number): boolean {
    return now < (this.#attempts.get(key)?.lockedUntil ?? 0);
  }

  #count(key: string, rule: Rule, now: number): void {
    let attempts = this.#attempts.get(key);
    if (attempts === undefined || now >= attempts.windowEnd) {
      attempts = { count: 0, windowEnd: now + rule.windowMs, lockedUntil: 0 };
      if (this.#attempts.size >= maxKeys)
        for (const oldest of this.#attempts.keys()) {
          this.#attempts.delete(oldest);
          break;
        }
      this.#attempts.set(key, attempts);
    }
    attempts.count++;
    if (attempts.count < rule.failures) return;
    attempts.lockedUntil = now + rule.lockMs;
    attempts.windowEnd = attempts.lockedUntil;
  }
}

function pair(address: string, user: string): string {
  return `${address} ${user}`;
}
