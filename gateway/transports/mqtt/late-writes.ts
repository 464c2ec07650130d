import type { TableStore, Write } from '../../../contracts/table-set.ts';
import { tell } from '../../observability/channels.ts';

/** Beyond this many waiting writes new ones are dropped; what they would have deleted comes back after a restart. */
const maxWaiting = 50_000;

/**
 * Writes that nobody waits for, because losing them at a crash costs a repetition and nothing else: an acknowledged
 * queue row that comes again. One batch at a time is with the store; the rest gathers. A failed batch is tried again
 * with the next one.
 */
export class LateWrites {
  readonly #store: TableStore;
  #waiting: Write[] = [];
  #running: Promise<void> | undefined;

  constructor(store: TableStore) {
    this.#store = store;
  }

  add(write: Write): void {
    if (this.#waiting.length >= maxWaiting) {
      tell('dropped', { stage: 'mqtt', reason: 'late-writes-full', count: 1 });
      return;
    }
    this.#waiting.push(write);
    this.#running ??= this.#run();
  }

  /** Resolves when everything that was added is committed, or when a batch failed. */
  async settled(): Promise<void> {
    if (this.#waiting.length > 0) this.#running ??= this.#run();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      // Gathers what the same turn of the event loop adds.
      await Promise.resolve();
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, 1000);
        try {
          await this.#store.write(batch);
        } catch {
          tell('retried', { stage: 'mqtt', reason: 'late-write' });
          this.#waiting.unshift(...batch);
          return;
        }
      }
    } finally {
      this.#running = undefined;
    }
  }
}
