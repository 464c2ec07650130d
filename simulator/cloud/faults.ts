import { z } from 'zod';

/**
 * What can go wrong on the way, on purpose.
 * `refuse`: the connection is reset before anything is done. `half-open`: the request is taken and never answered.
 * `lost-answer`: the effect happens, then the connection is reset. `5xx`, `429`: that HTTP status, nothing done.
 * `slow`: the answer comes `delayMs` late. `token-expiry`: the access token ends before the call is looked at.
 * `code`: the envelope carries this failure code, nothing done.
 */
export const faultKinds = ['refuse', 'half-open', 'lost-answer', '5xx', '429', 'slow', 'token-expiry', 'code'] as const;

/** `count` calls, or `forMs` milliseconds; neither means one call. `path` is the beginning of the paths it is for. */
export const faultWish = z.strictObject({
  kind: z.enum(faultKinds),
  count: z.int().min(1).max(1_000_000_000).optional(),
  forMs: z.int().min(1).max(86_400_000).optional(),
  path: z.string().startsWith('/').max(256).optional(),
  delayMs: z.int().min(0).max(600_000).default(1000),
  status: z.int().min(500).max(599).default(503),
  code: z.int().default(1111),
});
export type FaultWish = z.infer<typeof faultWish>;

export interface Fault extends FaultWish {
  readonly id: number;
  /** Calls that it has hit so far. */
  hits: number;
}

interface Armed {
  readonly fault: Fault;
  readonly until: number;
  left: number;
}

const maxArmed = 100;

/** Faults that wait for their calls; the first that fits is used. `mono` is monotonic milliseconds. */
export class FaultBox {
  #armed: Armed[] = [];
  #nextId = 1;

  /** False when there are too many already. */
  arm(wish: FaultWish, mono: number): Fault | undefined {
    if (this.list(mono).length >= maxArmed) return undefined;
    const fault: Fault = { ...wish, id: this.#nextId++, hits: 0 };
    const left = wish.count ?? (wish.forMs === undefined ? 1 : Infinity);
    this.#armed.push({ fault, until: wish.forMs === undefined ? Infinity : mono + wish.forMs, left });
    return fault;
  }

  take(path: string, mono: number): Fault | undefined {
    const hit = this.#armed.find(
      (armed) => armed.left > 0 && mono < armed.until && path.startsWith(armed.fault.path ?? '/'),
    );
    if (!hit) return undefined;
    hit.left--;
    hit.fault.hits++;
    return hit.fault;
  }

  /** Those that can still hit. */
  list(mono: number): Fault[] {
    this.#armed = this.#armed.filter((armed) => armed.left > 0 && mono < armed.until);
    return this.#armed.map((armed) => armed.fault);
  }

  clear(): void {
    this.#armed = [];
  }
}
