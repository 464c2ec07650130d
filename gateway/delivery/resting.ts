import { lanes, type Lane, type Verdict } from '../../contracts/sink.ts';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Scheduler } from '../lib/scheduler.ts';

export interface RestingOptions {
  readonly scheduler: Scheduler;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly backoff: BackoffPolicy;
  readonly random: () => number;
  readonly onDue: () => void;
}

/**
 * When devices that the far side does not take for a reason of their own are tried again: all together, further and
 * further apart, while everybody else's records go on. At the start they are due: the buffer may know some from before.
 */
export class Resting implements Disposable {
  readonly #o: RestingOptions;
  readonly #due = new Set<Lane>(lanes);
  #timer: Disposable | undefined;
  #tries = 0;
  #keptAt = 0;

  constructor(options: RestingOptions) {
    this.#o = options;
  }

  /** Whether the next loan may hold records of theirs. */
  isDue(lane: Lane): boolean {
    return this.#due.has(lane);
  }

  /** Nothing of theirs is left to be tried. */
  drained(lane: Lane): void {
    this.#due.delete(lane);
  }

  settled(verdicts: readonly Verdict[]): void {
    if (!verdicts.some((verdict) => verdict.is === 'keep' && verdict.own !== undefined)) return;
    const { scheduler, clock, backoff, random } = this.#o;
    const now = clock.monoMs();
    // Nobody rests for longer than the ceiling: after that and a stable while these are others.
    if (now - this.#keptAt > backoff.ceilingMs + backoff.stableMs) this.#tries = 0;
    this.#keptAt = now;
    this.#due.clear();
    this.#timer ??= scheduler.after(backoffMs(this.#tries++, backoff, random), () => this.wake());
  }

  wake(): void {
    this[Symbol.dispose]();
    for (const lane of lanes) this.#due.add(lane);
    this.#o.onDue();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
