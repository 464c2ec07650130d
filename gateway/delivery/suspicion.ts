import type { Batch, Verdict } from '../../contracts/sink.ts';

/** How often one record alone may make a sink throw before it becomes a dead letter. */
const triesAlone = 3;

/**
 * Isolates a poisonous record. A sink throws only on faults of our own (`Sink`), so a throw may be the work of one
 * record and would come again for ever: after a throw, batches shrink to single records until one of them has thrown
 * three times, which rejects it, or until as many as were in the batch went well.
 */
export class Suspicion {
  #suspects = 0;
  #last = -1;
  #tries = 0;

  /** Records to claim at most. */
  limit(records: number): number {
    return this.#suspects > 0 ? 1 : records;
  }

  /** What becomes of a batch at which the sink threw. */
  afterThrow(batch: Batch): Verdict {
    this.#suspects = Math.max(this.#suspects, batch.items.length);
    const [only, second] = batch.items;
    if (only === undefined || second !== undefined) return { is: 'keep' };
    this.#tries = this.#last === only.lsn ? this.#tries + 1 : 1;
    this.#last = only.lsn;
    if (this.#tries < triesAlone) return { is: 'keep' };
    this.#suspects -= 1;
    return { is: 'reject', code: 'SINK_FAULT', detail: `The sink failed ${triesAlone} times at this record alone.` };
  }

  afterAnswer(batch: Batch): void {
    this.#suspects = Math.max(0, this.#suspects - batch.items.length);
  }
}
