import type { Batch, Verdict } from '../../contracts/sink.ts';

/** How often one record alone may make a sink throw before it becomes a dead letter. */
const triesAlone = 3;
const maxRemembered = 1_000;

/**
 * Isolates a poisonous record. A sink throws only on faults of our own (`Sink`), so a throw may be the work of one
 * record and would come again for ever: after a throw, batches shrink to single records until one of them has thrown
 * three times, which rejects it, or until as many as were in the batch went well.
 */
export class Suspicion {
  #suspects = 0;
  /** By lsn, because several may take turns. Bounded: the oldest gets new tries. */
  readonly #tries = new Map<number, number>();

  /** Records to claim at most. */
  limit(records: number): number {
    return this.#suspects > 0 ? 1 : records;
  }

  /** What becomes of a batch at which the sink threw. */
  afterThrow(batch: Batch): Verdict {
    this.#suspects = Math.max(this.#suspects, batch.items.length);
    const [only, second] = batch.items;
    if (only === undefined || second !== undefined) return { is: 'keep' };
    const tries = (this.#tries.get(only.lsn) ?? 0) + 1;
    this.#tries.delete(only.lsn);
    if (tries < triesAlone) {
      this.#remember(only.lsn, tries);
      return { is: 'keep' };
    }
    this.#suspects -= 1;
    return { is: 'reject', code: 'SINK_FAULT', detail: `The sink failed ${triesAlone} times at this record alone.` };
  }

  afterAnswer(batch: Batch): void {
    this.#suspects = Math.max(0, this.#suspects - batch.items.length);
    for (const { lsn } of batch.items) this.#tries.delete(lsn);
  }

  #remember(lsn: number, tries: number): void {
    this.#tries.set(lsn, tries);
    const oldest = this.#tries.size > maxRemembered ? this.#tries.keys().next().value : undefined;
    if (oldest !== undefined) this.#tries.delete(oldest);
  }
}
