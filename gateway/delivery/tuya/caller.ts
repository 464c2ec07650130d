import type { Clock } from '../../lib/clock.ts';
import { pause, type Scheduler } from '../../lib/scheduler.ts';
import type { Call, TuyaClient } from './client.ts';
import type { Answer, Refusal } from './envelope.ts';
import type { CallQuota } from './quota.ts';

/** Calls that the account may be allowed or forbidden separately. */
export type Api =
  | 'register'
  | 'status'
  | 'report'
  | 'event'
  | 'batch'
  | 'command'
  | 'product'
  | 'poll-commands'
  | 'poll-messages';

export interface CallTerms {
  readonly urgent: boolean;
  readonly signal: AbortSignal;
  /** Monotonic time beyond which the quota is not waited for: the records go back to the buffer meanwhile. */
  readonly until: number;
}

export interface CallerOptions {
  readonly client: TuyaClient;
  readonly quota: CallQuota;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** How long an API that the account may not use is left alone. */
const closedMs = 3_600_000;

/** Makes calls under the quota, and leaves an API alone for an hour after the cloud has forbidden it. */
export class Caller {
  readonly #o: CallerOptions;
  readonly #closed = new Map<Api, { readonly until: number; readonly refusal: Refusal }>();

  constructor(options: CallerOptions) {
    this.#o = options;
  }

  async call(api: Api, call: Call, terms: CallTerms): Promise<Answer> {
    const { client, quota, clock, scheduler } = this.#o;
    const closed = this.#closed.get(api);
    if (closed !== undefined && clock.monoMs() < closed.until) return closed.refusal;
    const waitMs = quota.take(clock.monoMs(), terms.urgent);
    if (clock.monoMs() + waitMs > terms.until) {
      quota.giveBack();
      return { ok: false, class: 'throttle', code: 'own quota', reason: 'own limit of calls', retryAfterMs: waitMs };
    }
    if (waitMs > 0) await pause(scheduler, waitMs, terms.signal);
    const answer = await client.call(call, terms.signal);
    if (!answer.ok && answer.class === 'permission') {
      this.#closed.set(api, { until: clock.monoMs() + closedMs, refusal: answer });
    }
    return answer;
  }
}
