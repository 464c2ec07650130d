import { setTimeout as sleep } from 'node:timers/promises';

/** Lets long polls wait for the next arrival. */
export class Arrivals {
  #next = new AbortController();

  announce(): void {
    this.#next.abort();
    this.#next = new AbortController();
  }

  /** Resolves at the next arrival, after `timeoutMs`, or when the signal aborts. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(timeoutMs, undefined, { signal: AbortSignal.any([signal, this.#next.signal]) });
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    }
  }
}
