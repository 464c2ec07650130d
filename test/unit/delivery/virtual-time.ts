import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../gateway/lib/clock.ts';
import type { Scheduler } from '../../../gateway/lib/scheduler.ts';

/** A clock and a scheduler that move only when the test says so. */
export class VirtualTime implements Clock, Scheduler {
  #mono = 1_000;
  #wallOffset = 1_750_000_000_000;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  wallMs(): number {
    return this.#wallOffset + this.#mono;
  }

  monoMs(): number {
    return this.#mono;
  }

  /** Moves wall time only, as a set clock does. */
  setWall(ms: number): void {
    this.#wallOffset = ms - this.#mono;
  }

  after(ms: number, run: () => void): Disposable {
    const timer = { at: this.#mono + ms, run };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Runs every timer that falls due, in order, letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await settle();
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#mono = Math.max(this.#mono, next.at);
      this.#timers.delete(next);
      next.run();
      await settle();
    }
    this.#mono = end;
  }
}

/** Lets everything that only waits for promises run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate();
}
