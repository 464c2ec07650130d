import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Outlet } from '../../contracts/pipeline.ts';
import type { Batch, Sink, Verdict, WriteResult } from '../../contracts/sink.ts';
import { tell } from '../observability/channels.ts';
import { backoffMs, defaultBackoff, type BackoffPolicy } from '../lib/backoff.ts';
import { boundedWrite } from './bounded-write.ts';
import type { Failure } from './loop-state.ts';
import { pause, type Scheduler } from '../lib/scheduler.ts';
import type { Suspicion } from './suspicion.ts';

export interface CarrierOptions {
  readonly sink: Sink;
  readonly outlet: Outlet;
  readonly log: Logger;
  readonly scheduler: Scheduler;
  readonly suspicion: Suspicion;
  /** Aborted when waiting must end now. */
  readonly signal: AbortSignal;
  readonly random?: () => number;
  readonly backoff?: BackoffPolicy;
  readonly writeDeadlineMs?: number;
  readonly settle?: 'after-ack' | 'before-ack';
}

const kept: Verdict = { is: 'keep' };

/** A batch of which each record was kept for a reason of its device says nothing about the far side. */
interface Carried {
  readonly wentWell: boolean;
  readonly verdicts: readonly Verdict[];
}

/** Brings one claimed batch to the sink and its verdicts to the buffer. */
export class BatchCarrier {
  readonly #o: CarrierOptions;
  #lastRefusal: string | undefined;

  constructor(options: CarrierOptions) {
    this.#o = options;
  }

  /** Connects within the deadline; says what failed. An error that is not retryable stops the loop. */
  async connect(deadlineMs: number, leaving: AbortSignal): Promise<Failure | undefined> {
    const late = new AbortController();
    using _deadline = this.#o.scheduler.after(deadlineMs, () => late.abort());
    const signal = AbortSignal.any([late.signal, leaving]);
    try {
      await Promise.race([this.#o.sink.connect(signal), rejected(signal)]);
      this.#lastRefusal = undefined;
      return undefined;
    } catch (error) {
      this.#tellRefusal(error);
      const known = error instanceof PortcullisError;
      const forMs = known && !error.retryable ? 'stopped' : 'transient';
      return { reason: known ? error.code : 'connect failed', forMs, progress: false };
    }
  }

  /** A far side that is away for a day says the same at each try; the log says it once. */
  #tellRefusal(error: unknown): void {
    const refusal = String(error);
    if (refusal !== this.#lastRefusal)
      this.#o.log.warn({ err: error, sink: this.#o.sink.name }, 'sink does not connect');
    this.#lastRefusal = refusal;
  }

  /** Resolves after the settlement is durable, or was given up at a stop. `onFailure` is told as soon as it is known. */
  async carry(batch: Batch, onFailure: (failure: Failure) => void): Promise<Carried> {
    const early = this.#o.settle === 'before-ack';
    const accepted = batch.items.map((): Verdict => ({ is: 'accept' }));
    if (early) await this.#settle(batch, accepted);
    const result = await this.#write(batch);
    const failure = failureOf(result);
    if (failure !== undefined) onFailure(failure);
    if (!early) await this.#settle(batch, result.verdicts);
    const { verdicts } = result;
    return { wentWell: failure === undefined && verdicts.some((verdict) => verdict.is !== 'keep'), verdicts };
  }

  async #write(batch: Batch): Promise<WriteResult> {
    const { sink, log, scheduler, signal, suspicion, writeDeadlineMs = 90_000 } = this.#o;
    const attempt = await boundedWrite(sink, batch, { deadlineMs: writeDeadlineMs, scheduler, signal });
    const all = (verdict: Verdict, reason: string): WriteResult => ({
      verdicts: batch.items.map(() => verdict),
      pause: { reason, forMs: 'transient' },
    });
    switch (attempt.is) {
      case 'answered':
        suspicion.afterAnswer(batch);
        return this.#counted(attempt.result);
      case 'threw':
        log.error({ err: attempt.error, sink: sink.name, records: batch.items.length }, 'sink failed');
        if (isPassing(attempt.error)) return all(kept, 'sink fault');
        return this.#counted(all(suspicion.afterThrow(batch), 'sink fault'));
      default:
        return all(kept, attempt.is === 'late' ? 'no answer' : 'stopping');
    }
  }

  #counted(result: WriteResult): WriteResult {
    const { sink } = this.#o;
    const count = result.verdicts.filter((verdict) => verdict.is === 'accept').length;
    if (count > 0) tell('delivered', { sink: sink.name, count, bytes: result.bytes ?? 0 });
    const own = new Set(result.verdicts.map((verdict) => (verdict.is === 'keep' ? verdict.own : undefined)));
    for (const reason of own) if (reason !== undefined) tell('retried', { stage: 'delivery', reason });
    for (const verdict of result.verdicts) {
      if (verdict.is === 'reject') tell('rejected', { stage: 'delivery', reason: verdict.code, count: 1 });
    }
    return result;
  }

  /**
   * Tries until it is durable: an unsettled batch would stay lent until the next start. An error that is not retryable
   * means that the buffer no longer knows the loan, so its records come again anyway.
   */
  async #settle(batch: Batch, verdicts: readonly Verdict[]): Promise<void> {
    const { outlet, log, scheduler, signal, backoff = defaultBackoff, random = Math.random } = this.#o;
    for (let attempt = 0; ; attempt++) {
      try {
        await outlet.settle(batch, verdicts);
        return;
      } catch (error) {
        tell('retried', { stage: 'delivery', reason: 'settle' });
        log.error({ err: error, sink: batch.sink, records: batch.items.length }, 'settlement is not durable yet');
        if (signal.aborted || (error instanceof PortcullisError && !error.retryable)) return;
        await pause(scheduler, backoffMs(attempt, backoff, random), signal);
      }
    }
  }
}

/** A full disk or a store that starts anew is no record's fault. */
const isPassing = (error: unknown): boolean => error instanceof PortcullisError && error.retryable;

/** A write that moved nothing and asks for no pause would be tried again at once, for ever: it counts as a failure. */
function failureOf(result: WriteResult): Failure | undefined {
  const progress = result.verdicts.some((verdict) => verdict.is !== 'keep');
  if (result.pause !== undefined) return { ...result.pause, progress };
  if (progress || result.verdicts.some((verdict) => verdict.is === 'keep' && verdict.own !== undefined))
    return undefined;
  return { reason: 'no progress', forMs: 'transient', progress };
}

function rejected(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new PortcullisError('SINK_UNAVAILABLE', 'The sink did not connect in time.'));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return promise;
}
