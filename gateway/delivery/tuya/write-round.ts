import type { Batch, BatchItem, Verdict, WriteResult } from '../../../contracts/sink.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Api, Caller } from './caller.ts';
import type { Call } from './client.ts';
import type { Answer, Refusal } from './envelope.ts';
import { rules, type ErrorClass } from './error-classes.ts';
import type { Strikes } from './strikes.ts';

/**
 * A round ends itself well before the loop's deadline for a write: what a slow cloud has taken is settled, and the rest
 * comes again. Without it a write that never ends in time would send the same records for ever.
 */
const roundMs = 15_000;

export interface RoundOptions {
  readonly caller: Caller;
  readonly strikes: Strikes;
  readonly clock: Clock;
  readonly batch: Batch;
  readonly signal: AbortSignal;
}

/**
 * What one `write` has come to so far. Records without a verdict are kept. Once a refusal concerns the account or the
 * link, `halted` is set and nobody makes another call; one that concerns neither lets its device alone rest.
 */
export class WriteRound {
  readonly #o: RoundOptions;
  readonly #endsAt: number;
  readonly #verdicts = new Map<BatchItem, Verdict>();
  readonly #resting = new Map<string, ErrorClass>();
  #halt: Refusal | undefined;
  #waiting: Refusal | undefined;
  #bytes = 0;

  constructor(options: RoundOptions) {
    this.#o = options;
    this.#endsAt = options.clock.monoMs() + roundMs;
  }

  get signal(): AbortSignal {
    return this.#o.signal;
  }

  get halted(): boolean {
    return this.#halt !== undefined || this.#o.signal.aborted || this.#o.clock.monoMs() >= this.#endsAt;
  }

  /** What halted the round, or kept records without halting it. */
  get trouble(): Refusal | undefined {
    return this.#halt ?? this.#waiting;
  }

  /** Devices that nothing more is sent for a while, and why. */
  get resting(): ReadonlyMap<string, ErrorClass> {
    return this.#resting;
  }

  async call(api: Api, call: Call): Promise<Answer> {
    const { batch, caller, signal } = this.#o;
    const answer = await caller.call(api, call, { urgent: batch.lane === 'urgent', signal, until: this.#endsAt });
    if (answer.ok) this.#bytes += call.payload?.length ?? 0;
    return answer;
  }

  accept(items: readonly BatchItem[]): void {
    for (const item of items) this.#verdicts.set(item, { is: 'accept' });
  }

  reject(items: readonly BatchItem[], code: string, detail: string): void {
    for (const item of items) this.#verdicts.set(item, { is: 'reject', code, detail });
  }

  /** Applies the rule of the refusal's class; true when later records of the device may go on. */
  refuse(items: readonly BatchItem[], refusal: Refusal): boolean {
    const rule = rules[refusal.class];
    if (refusal.class === 'unknown' && this.#o.strikes.out(items)) {
      this.reject(items, `TUYA_${refusal.code}`, refusal.reason);
      return true;
    }
    if (rule.effect === 'accept') this.accept(items);
    else if (rule.effect === 'reject') this.reject(items, `TUYA_${refusal.code}`, refusal.reason);
    else if (rule.pause === undefined) this.#rest(items, refusal);
    else this.#halt ??= refusal;
    return rule.effect !== 'keep';
  }

  #rest(items: readonly BatchItem[], refusal: Refusal): void {
    this.#waiting ??= refusal;
    for (const item of items) {
      this.#verdicts.set(item, { is: 'keep', own: refusal.class });
      this.#resting.set(item.message.dev.id, refusal.class);
    }
  }

  result(): WriteResult {
    const verdicts = this.#o.batch.items.map((item): Verdict => this.#verdicts.get(item) ?? { is: 'keep' });
    const bytes = this.#bytes;
    if (this.#halt) {
      const forMs = this.#halt.retryAfterMs ?? rules[this.#halt.class].pause ?? 'transient';
      return { verdicts, bytes, pause: { reason: this.#halt.class, forMs } };
    }
    return { verdicts, bytes };
  }
}
