import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { PortcullisError } from '../../contracts/errors.ts';

/** Argon2id as OWASP's password storage cheat sheet advises: 19 MiB, two passes, one lane. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1, tagLength: 32 } as const;

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly tagLength: number;
}

/** Argon2id of a message; takes `memory` KiB while it runs, so what calls it bounds how many do. */
export function argon2Of(message: string | Uint8Array, nonce: Uint8Array, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce, ...cost }, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

export interface PasswordHash {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Takes the same time for every outcome, and no turn: for work that has one. */
export async function matches(password: string | Uint8Array, { salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await argon2Of(password, salt, cost), hash);
}

/** One hash takes 19 MiB: a storm of logins must not take the machine, nor may one door's storm close another. */
export interface HashBounds {
  readonly atOnce: number;
  readonly maxWaiting: number;
}

/** Lets so many hash at the same time; the others wait. Rejects with OVERLOADED when too many do. */
export class PasswordHasher {
  readonly #bounds: HashBounds;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(bounds: HashBounds) {
    this.#bounds = bounds;
  }

  async hash(password: string | Uint8Array): Promise<PasswordHash> {
    const salt = randomBytes(16);
    return { salt, hash: await this.inTurn(() => argon2Of(password, salt, cost)) };
  }

  /** Work with hashes of its own, which takes one turn for all of them. */
  async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** A finished hash hands its place to the next one. */
  async #enter(): Promise<void> {
    if (this.#running < this.#bounds.atOnce) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#bounds.maxWaiting)
      throw new PortcullisError('OVERLOADED', 'Too many logins wait to be checked.');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
