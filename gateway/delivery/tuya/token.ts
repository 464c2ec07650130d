import type { Clock } from '../../lib/clock.ts';

/** `expireSeconds` as the cloud returned it: it may be the rest of a token's life, not the nominal 7,200. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expireSeconds: number;
}

/** Asks the cloud for a pair: a login without, a refresh with a refresh token. Rejects when there is none to be had. */
export type FetchToken = (refreshToken: string | undefined) => Promise<TokenPair>;

const marginMs = 60_000;

interface Held {
  readonly accessToken: string;
  readonly renewAt: number;
}

/**
 * The one access token of a client id. It is renewed a minute before it ends; all callers share one renewal. A refresh
 * token works once, so it is forgotten before it is used: when its answer is lost, or another gateway with the same
 * client id was faster, the next renewal is a login (Tuya, "Refresh Token").
 */
export class AccessToken {
  readonly #fetch: FetchToken;
  readonly #clock: Clock;
  #held: Held | undefined;
  #refreshToken: string | undefined;
  #renewal: Promise<string> | undefined;

  constructor(fetch: FetchToken, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** A token that is good for now, if there is one. */
  get held(): string | undefined {
    return this.#held && this.#clock.monoMs() < this.#held.renewAt ? this.#held.accessToken : undefined;
  }

  /** A token that is good for now; rejects as `fetch` does. */
  current(): Promise<string> {
    const held = this.held;
    if (held !== undefined) return Promise.resolve(held);
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  /** The cloud refused this token: the next caller renews, unless that has happened since. */
  refused(accessToken: string): void {
    if (this.#held?.accessToken === accessToken) this.#held = undefined;
  }

  async #renew(): Promise<string> {
    const refreshToken = this.#refreshToken;
    this.#refreshToken = undefined;
    const pair = await this.#ask(refreshToken);
    const lifeMs = pair.expireSeconds * 1_000;
    const renewAt = this.#clock.monoMs() + (lifeMs > 2 * marginMs ? lifeMs - marginMs : lifeMs / 2);
    this.#held = { accessToken: pair.accessToken, renewAt };
    this.#refreshToken = pair.refreshToken;
    return pair.accessToken;
  }

  async #ask(refreshToken: string | undefined): Promise<TokenPair> {
    if (refreshToken === undefined) return this.#fetch(undefined);
    // Whatever went wrong with a token that works once, the cure is a login; if that fails too, its error counts.
    return this.#fetch(refreshToken).catch(() => this.#fetch(undefined));
  }
}
