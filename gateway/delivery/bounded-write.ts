import type { Batch, Sink, WriteResult } from '../../contracts/sink.ts';
import type { Scheduler } from '../lib/scheduler.ts';

/** How one call of `write` ended, seen from outside; `late` and `aborted` leave the call to its own fate. */
export type Attempt =
  | { readonly is: 'answered'; readonly result: WriteResult }
  | { readonly is: 'threw'; readonly error: unknown }
  | { readonly is: 'late' }
  | { readonly is: 'aborted' };

export interface Bounds {
  readonly deadlineMs: number;
  readonly scheduler: Scheduler;
  /** Ends the wait at once, for a stop. */
  readonly signal: AbortSignal;
}

/**
 * Calls `write` and comes back by the deadline whatever the sink does. The sink's own signal is aborted when we stop
 * waiting; what a sink that ignores it still delivers collapses at the far side by the idempotency key.
 */
export async function boundedWrite(sink: Sink, batch: Batch, bounds: Bounds): Promise<Attempt> {
  const inner = new AbortController();
  const { promise: ended, resolve } = Promise.withResolvers<Attempt>();
  using _deadline = bounds.scheduler.after(bounds.deadlineMs, () => resolve({ is: 'late' }));
  const onAbort = (): void => resolve({ is: 'aborted' });
  bounds.signal.addEventListener('abort', onAbort, { once: true });
  if (bounds.signal.aborted) onAbort();
  try {
    return await Promise.race([ended, attempt(sink, batch, inner.signal)]);
  } finally {
    bounds.signal.removeEventListener('abort', onAbort);
    inner.abort();
  }
}

async function attempt(sink: Sink, batch: Batch, signal: AbortSignal): Promise<Attempt> {
  try {
    const result = await sink.write(batch, signal);
    if (result.verdicts.length === batch.items.length) return { is: 'answered', result };
    return {
      is: 'threw',
      error: new RangeError(`${result.verdicts.length} verdicts for ${batch.items.length} records`),
    };
  } catch (error) {
    return { is: 'threw', error };
  }
}
