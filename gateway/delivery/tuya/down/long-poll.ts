import type { Logger } from 'pino';
import type { Clock } from '../../../lib/clock.ts';
import { tell } from '../../../observability/channels.ts';
import { backoffMs, defaultBackoff, type BackoffPolicy } from '../../../lib/backoff.ts';
import { pause, systemScheduler, type Scheduler } from '../../../lib/scheduler.ts';
import type { Answer, Refusal } from '../envelope.ts';
import { rules } from '../error-classes.ts';

export interface LongPollOptions {
  /** What is polled for, in a word: a label of metrics and logs. */
  readonly what: string;
  /** One call that waits at the cloud; it has its own bound. */
  readonly ask: (signal: AbortSignal) => Promise<Answer>;
  /**
   * Takes what came; resolves with how many there were, or with what is odd about it. Rejects for faults of our own, and
   * gets the same again.
   */
  readonly take: (answer: Answer & { ok: true }, signal: AbortSignal) => Promise<number | Refusal>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly scheduler?: Scheduler | undefined;
  readonly random?: (() => number) | undefined;
  readonly backoff?: BackoffPolicy | undefined;
}

/** Disposing gives up the call that waits and resolves when the loop has ended. */
export interface LongPoll extends AsyncDisposable {
  /** Asks again now, after the operator has mended something. */
  resume(): void;
}

/** What the operator has to mend is tried again after this by itself: rarely enough not to lock an account. */
const refusedMs = 3_600_000;
/** An empty answer that comes sooner is from a cloud that does not wait; it is not asked in a circle. */
const soonMs = 1_000;

/**
 * Asks one call after the other until disposed. Failures back off with full jitter, as delivery does; what came is taken
 * before the next call, so that nothing waits here.
 */
export function startLongPoll(options: LongPollOptions): LongPoll {
  const stopping = new AbortController();
  let nap = new AbortController();
  const running = run(options, stopping.signal, (ms) => {
    nap = new AbortController();
    const either = AbortSignal.any([nap.signal, stopping.signal]);
    return pause(options.scheduler ?? systemScheduler, ms, either);
  });
  return {
    resume: () => nap.abort(),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function run(options: LongPollOptions, signal: AbortSignal, rest: (ms: number) => Promise<void>): Promise<void> {
  const { what, clock, log, backoff = defaultBackoff, random = Math.random } = options;
  let failures = 0;
  let trouble: string | undefined;
  while (!signal.aborted) {
    const askedAt = clock.monoMs();
    const failure = await once(options, signal);
    if (signal.aborted) return;
    if (failure === undefined || failure === 'full') {
      failures = 0;
      trouble = undefined;
      if (failure === undefined && clock.monoMs() - askedAt < soonMs) await rest(soonMs);
      continue;
    }
    tell('retried', { stage: `tuya-${what}`, reason: failure.class });
    if (failure.code !== trouble) log.warn({ poll: what, class: failure.class, code: failure.code }, failure.reason);
    trouble = failure.code;
    await rest(failure.retryAfterMs ?? waitMs(failure) ?? backoffMs(failures, backoff, random));
    failures += 1;
  }
}

/** Undefined after a call without content, `full` after one with. */
async function once(
  { what, ask, take, log }: LongPollOptions,
  signal: AbortSignal,
): Promise<Refusal | 'full' | undefined> {
  try {
    const answer = await ask(signal);
    if (!answer.ok) return answer;
    const taken = await take(answer, signal);
    if (typeof taken !== 'number') return taken;
    return taken > 0 ? 'full' : undefined;
  } catch (err) {
    log.error({ err, poll: what }, 'what the cloud sent could not be taken; it comes again');
    return { ok: false, class: 'transport', code: 'internal', reason: 'a fault of the gateway itself' };
  }
}

function waitMs({ class: kind }: Refusal): number | undefined {
  const { pause: named, effect } = rules[kind];
  if (named === 'stopped' || (kind === 'permission' && effect === 'keep')) return refusedMs;
  return typeof named === 'number' ? named : undefined;
}
