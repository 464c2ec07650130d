import type { Logger } from 'pino';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.ts';
import { systemScheduler, type Scheduler } from '../lib/scheduler.ts';
import { tell } from '../observability/channels.ts';
import { exportRequest, type Resource } from './otlp.ts';
import type { Span } from './span.ts';
import { verdictOn, type Answer } from './verdict.ts';

export const queueBounds = { maxQueued: 2_048, maxTogether: 512, everyMs: 5_000, closeWithinMs: 2_000 };

const backoff: BackoffPolicy = { firstMs: 1_000, ceilingMs: 120_000, floorMs: 500, stableMs: 0 };

export interface SpanQueueParts {
  readonly resource: Resource;
  /** One POST to the collector; rejects when there is no answer. */
  readonly post: (body: string, signal: AbortSignal) => Promise<Answer>;
  readonly log: Logger;
  readonly scheduler?: Scheduler;
  readonly random?: () => number;
}

/**
 * Spans on their way to the collector, in memory, one request at a time. What does not fit, what the collector refuses
 * and what is left at the end is dropped and counted: a trace is never worth a message. Disposing tries to send the rest.
 */
export interface SpanQueue extends AsyncDisposable {
  push(span: Span): void;
}

export function openSpanQueue(parts: SpanQueueParts): SpanQueue {
  const { post, resource, log, scheduler = systemScheduler, random = Math.random } = parts;
  const queue: Span[] = [];
  const closing = new AbortController();
  let timer: Disposable | undefined;
  let sending: Promise<void> | undefined;
  let failures = 0;
  let trouble: string | undefined;

  const note = (why: string | undefined): void => {
    if (why !== undefined && why !== trouble) log.warn({ why }, 'the collector does not take traces');
    if (why === undefined && trouble !== undefined) log.info('the collector takes traces again');
    trouble = why;
  };

  /** Sends the oldest; they stay in the queue until they have their answer. Says when to go on. */
  const sendOnce = async (): Promise<number> => {
    const batch = queue.slice(0, queueBounds.maxTogether);
    const verdict = await verdictOn(post(exportRequest(batch, resource), closing.signal));
    if (verdict.is === 'later') {
      note(verdict.why);
      return verdict.afterMs ?? backoffMs(failures++, backoff, random);
    }
    failures = 0;
    queue.splice(0, batch.length);
    if (verdict.is === 'taken') lose(verdict.rejected, 'rejected');
    else lose(batch.length, 'refused');
    note(verdict.why);
    return queue.length >= queueBounds.maxTogether ? 0 : queueBounds.everyMs;
  };

  const send = async (): Promise<void> => {
    const againMs = await sendOnce();
    sending = undefined;
    if (queue.length > 0 && !closing.signal.aborted) after(againMs);
  };

  const after = (ms: number): void => {
    timer?.[Symbol.dispose]();
    timer = scheduler.after(ms, () => {
      timer = undefined;
      sending ??= send();
    });
  };

  /** One try for each batch, while the collector answers. */
  const sendRest = async (): Promise<void> => {
    await sending;
    timer?.[Symbol.dispose]();
    for (let left = Infinity; queue.length > 0 && queue.length < left && !closing.signal.aborted;) {
      left = queue.length;
      await sendOnce();
    }
  };

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    using _limit = scheduler.after(queueBounds.closeWithinMs, () => closing.abort());
    await sendRest();
    closing.abort();
    lose(queue.length, 'closing');
    queue.length = 0;
  };

  return {
    push(span) {
      if (queue.length >= queueBounds.maxQueued || closing.signal.aborted) {
        lose(1, 'queue-full');
        return;
      }
      queue.push(span);
      if (sending !== undefined) return;
      if (timer === undefined) after(queueBounds.everyMs);
      else if (queue.length === queueBounds.maxTogether && failures === 0) after(0);
    },
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

function lose(count: number, reason: string): void {
  if (count > 0) tell('dropped', { stage: 'traces', reason, count });
}
