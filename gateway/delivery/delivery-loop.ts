import type { Logger } from 'pino';
import type { Outlet } from '../../contracts/pipeline.ts';
import { lanes, type Batch, type Lane, type Sink } from '../../contracts/sink.ts';
import type { Clock } from '../lib/clock.ts';
import { tell } from '../observability/channels.ts';
import { defaultBackoff, type BackoffPolicy } from '../lib/backoff.ts';
import { BatchCarrier } from './batch-carrier.ts';
import { tellHalted, tellOutage } from './loop-alarms.ts';
import {
  capacity,
  initialState,
  nextStep,
  type Failure,
  type LoopEffect,
  type LoopInput,
  type LoopState,
} from './loop-state.ts';
import { pause, systemScheduler, type Scheduler } from '../lib/scheduler.ts';
import { Resting } from './resting.ts';
import { Suspicion } from './suspicion.ts';

export interface DeliveryLoopOptions {
  readonly sink: Sink;
  readonly outlet: Outlet;
  readonly log: Logger;
  readonly clock: Clock;
  readonly scheduler?: Scheduler;
  readonly random?: () => number;
  readonly backoff?: BackoffPolicy;
  /** How often the buffer is asked although nothing announced itself. */
  readonly pollMs?: number;
  readonly connectDeadlineMs?: number;
  readonly writeDeadlineMs?: number;
  /** How long a stop waits for batches in flight before it gives them up; they come again after the next start. */
  readonly stopDeadlineMs?: number;
  /** Told when the sink stops taking anything, and when it takes again. */
  readonly onOutage?: (sink: string, change: 'started' | 'ended', reason: string) => void;
  /** Negative control for fault tests: `before-ack` settles before the far side has answered, and so loses. */
  readonly settle?: 'after-ack' | 'before-ack';
}

export interface LoopStatus {
  readonly sink: string;
  readonly state: LoopState['name'];
  readonly outage: boolean;
  readonly reason: string | undefined;
  readonly failures: number;
  readonly inFlight: number;
}

/** Disposing waits for batches in flight up to the stop deadline, and does not dispose the sink. */
export interface DeliveryLoop extends AsyncDisposable {
  status(): LoopStatus;
  /** Tries again now: after the operator has mended what stopped the sink, or to cut a long wait short. */
  resume(): void;
}

/**
 * Carries records from the buffer to one sink until disposed. The urgent lane is asked first and has its own places in
 * flight, so a live alarm never waits behind the backlog. The buffer is asked on arrivals and by timer.
 * Promises: a record is settled only after the sink's verdict on it; the order of each device holds within a lane, as
 * the buffer lends it; nothing that a sink does (throw, hang, wrong answer) ends the loop.
 */
export function startDeliveryLoop(options: DeliveryLoopOptions): DeliveryLoop {
  const loop = new Loop(options);
  loop.start();
  return loop;
}

class Loop implements DeliveryLoop {
  readonly #options: DeliveryLoopOptions;
  readonly #scheduler: Scheduler;
  readonly #carrier: BatchCarrier;
  readonly #suspicion = new Suspicion();
  readonly #resting: Resting;
  readonly #inFlight: Record<Lane, number> = { urgent: 0, normal: 0 };
  readonly #tasks = new Set<Promise<void>>();
  /** Aborted as soon as a stop is asked for, and once batches in flight are given up. */
  readonly #leaving = new AbortController();
  readonly #closing = new AbortController();
  #state = initialState;
  #timer: Disposable | undefined;
  #arrivals: Disposable | undefined;
  #pumping = false;
  #askAgain = false;
  #urgentCame = false;
  #closed: Promise<void> | undefined;

  constructor(options: DeliveryLoopOptions) {
    const { clock, scheduler = systemScheduler, backoff = defaultBackoff, random = Math.random } = options;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#carrier = new BatchCarrier({
      ...options,
      scheduler,
      suspicion: this.#suspicion,
      signal: this.#closing.signal,
    });
    this.#resting = new Resting({ scheduler, clock, backoff, random, onDue: () => this.#feed({ is: 'arrival' }) });
  }

  start(): void {
    this.#arrivals = this.#options.outlet.onArrival((lane) => {
      this.#urgentCame ||= lane === 'urgent';
      this.#feed({ is: 'arrival' });
    });
    this.#track(this.#connect());
  }

  status(): LoopStatus {
    const { name, outage, reason, failures } = this.#state;
    const inFlight = this.#inFlight.urgent + this.#inFlight.normal;
    return { sink: this.#options.sink.name, state: name, outage, reason, failures, inFlight };
  }

  resume(): void {
    this.#feed({ is: 'resume' });
    this.#resting.wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#feed({ is: 'stop' });
    this.#leaving.abort();
    this.#arrivals?.[Symbol.dispose]();
    this.#resting[Symbol.dispose]();
    const deadlineMs = this.#options.stopDeadlineMs ?? 5_000;
    await this.#settled(deadlineMs);
    this.#closing.abort();
    await this.#settled(deadlineMs);
  }

  async #settled(deadlineMs: number): Promise<void> {
    const given = new AbortController();
    await Promise.race([Promise.allSettled(this.#tasks), pause(this.#scheduler, deadlineMs, given.signal)]);
    given.abort();
  }

  #feed(input: LoopInput): void {
    const step = nextStep(this.#state, input, {
      nowMs: this.#options.clock.monoMs(),
      pollMs: this.#options.pollMs ?? 5_000,
      backoff: this.#options.backoff ?? defaultBackoff,
      random: this.#options.random ?? Math.random,
    });
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
  }

  #perform(effect: LoopEffect): void {
    const { sink, onOutage } = this.#options;
    switch (effect.do) {
      case 'connect':
        this.#track(this.#connect());
        break;
      case 'pump':
        this.#track(this.#pump());
        break;
      case 'rest':
        this.#timer?.[Symbol.dispose]();
        break;
      case 'wake':
        this.#timer?.[Symbol.dispose]();
        this.#timer = this.#scheduler.after(effect.afterMs, () => this.#feed({ is: 'due' }));
        break;
      case 'outage':
        tellOutage(sink.name, effect.change === 'started', effect.reason);
        onOutage?.(sink.name, effect.change, effect.reason);
        break;
      case 'halted':
        tellHalted(sink.name, effect.active, effect.reason);
    }
  }

  #track(task: Promise<void>): void {
    const guarded = task
      .catch((error: unknown) => {
        this.#options.log.error({ err: error, sink: this.#options.sink.name }, 'delivery loop step failed');
        this.#fail({ reason: 'internal', forMs: 'transient', progress: true });
      })
      .finally(() => this.#tasks.delete(guarded));
    this.#tasks.add(guarded);
  }

  async #connect(): Promise<void> {
    const { connectDeadlineMs = 30_000 } = this.#options;
    const failure = await this.#carrier.connect(connectDeadlineMs, this.#leaving.signal);
    if (failure === undefined) this.#feed({ is: 'connected' });
    else this.#fail(failure);
  }

  #fail(failure: Failure): void {
    tell('retried', { stage: 'delivery', reason: failure.reason });
    this.#feed({ is: 'failed', ...failure });
  }

  /** Fills the free places of both lanes; a request that comes meanwhile makes it ask once more. */
  async #pump(): Promise<void> {
    this.#askAgain = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#askAgain) {
        this.#askAgain = false;
        this.#urgentCame = false;
        for (const lane of lanes) await this.#fill(lane);
      }
    } finally {
      this.#pumping = false;
    }
    if (this.status().inFlight === 0) this.#feed({ is: 'drained' });
  }

  /** A sink that is as fast as the buffer always has a free place: the backlog gives way between two batches. */
  async #fill(lane: Lane): Promise<void> {
    const { sink, outlet } = this.#options;
    while (this.#inFlight[lane] < capacity(this.#state, sink.limits.inFlight ?? 1)) {
      if (this.#urgentCame && lane !== 'urgent') return;
      const records = this.#suspicion.limit(sink.limits.records);
      const resting = this.#resting.isDue(lane);
      const batch = await outlet.claim({ sink: sink.name, lane, records, bytes: sink.limits.bytes, resting });
      if (batch === undefined) {
        if (resting) this.#resting.drained(lane);
        return;
      }
      this.#inFlight[lane] += 1;
      this.#feed({ is: 'claimed' });
      this.#track(this.#carry(batch));
    }
  }

  async #carry(batch: Batch): Promise<void> {
    try {
      const report = await this.#carrier.carry(batch, (failure) => this.#fail(failure));
      if (!this.#leaving.signal.aborted) this.#resting.settled(report.verdicts);
      if (report.wentWell) this.#feed({ is: 'written' });
    } finally {
      this.#inFlight[batch.lane] -= 1;
    }
    this.#track(this.#pump());
  }
}
