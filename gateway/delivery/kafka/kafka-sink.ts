import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Fence } from '../../../contracts/fence.ts';
import type { Message } from '../../../contracts/message.ts';
import type { Batch, Sink, Verdict, WriteResult } from '../../../contracts/sink.ts';
import { systemClock } from '../../lib/clock.ts';
import { SinkAlarms } from '../sink-alarms.ts';
import { classOfFault, rules, type Fault } from './error-classes.ts';
import { claimRecord, EpochWatch, openEpochTopic } from './epoch-watch.ts';
import { openKafkaClient, type KafkaClient } from './kafka-client.ts';
import type { KafkaOptions } from './options.ts';
import { recordsOf, sizeOf, type KafkaRecord, type Words } from './records.ts';

export interface KafkaDeps {
  readonly log: Logger;
  /** Where clients come from; tests give one that fails as they like. */
  readonly openClient?: (options: KafkaOptions) => KafkaClient;
  /** The header of W3C Trace Context for a message's records, while the gateway traces. */
  readonly traceparentOf?: ((message: Message) => string | undefined) | undefined;
  /** Which gateway of its name this is; without it, or without the topic `gateways`, nobody looks for another one. */
  readonly fence?: Fence;
}

export interface KafkaSink extends Sink {
  /** Writes records that are not of the log, in their turn; says what went wrong, and then none counts as written. */
  send(records: readonly KafkaRecord[], signal: AbortSignal): Promise<Fault | undefined>;
}

/**
 * A sink for Apache Kafka. A message's records leave in one call, and its verdict waits for all of them. Calls go out
 * one after the other; the next batch is claimed meanwhile. Opens nothing before `connect`.
 *
 *     write → records (pure) → packs of bounded size → kafka-client (thrown away at its first failure)
 *                                                         └ error-classes (verdicts)
 */
export function openKafkaSink(options: KafkaOptions, deps: KafkaDeps): KafkaSink {
  return new Kafka(options, deps);
}

interface Planned {
  readonly index: number;
  readonly records: readonly KafkaRecord[];
  readonly bytes: number;
}

/** Below the 1 MiB that a broker takes in one batch by default, whatever of it falls into one partition. */
const packBytes = { most: 900_000, least: 65_536 };

const keep: Verdict = { is: 'keep' };
const accept: Verdict = { is: 'accept' };

class Kafka implements KafkaSink {
  readonly name = 'kafka';
  /** Small enough that what a call leaves behind is gone before the nursery is full (decision 0150). */
  readonly limits = { records: 300, bytes: 262_144, inFlight: 2 };
  readonly #options: KafkaOptions;
  readonly #deps: KafkaDeps;
  readonly #alarms = new SinkAlarms('kafka');
  readonly #watch: EpochWatch | undefined;
  #client: KafkaClient | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #packBytes = packBytes.most;
  #lastFault: string | undefined;
  #disposed = false;

  constructor(options: KafkaOptions, deps: KafkaDeps) {
    this.#options = options;
    this.#deps = deps;
    const { fence } = deps;
    const topic = options.topics.gateways;
    if (fence === undefined || topic === null) return;
    this.#watch = new EpochWatch(openEpochTopic(options, topic, fence.gateway), fence, () => systemClock.monoMs());
  }

  async connect(signal: AbortSignal): Promise<void> {
    const fault = await this.#inTurn(
      async () => (await this.#attempt((client) => client.prepare(), signal)) ?? this.#otherGateway(signal),
    );
    this.#tell(fault);
    if (fault === undefined) return;
    const stops = rules[fault.class].pause === 'stopped';
    throw new PortcullisError(stops ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE', `Kafka does not let us in (${fault.code}).`);
  }

  write(batch: Batch, signal: AbortSignal): Promise<WriteResult> {
    const words: Words = new Map();
    const planned = batch.items.map(({ message }, index): Planned => {
      const marks = { traceparent: this.#deps.traceparentOf?.(message), epoch: this.#deps.fence?.identity.epoch };
      const records = recordsOf(message, batch.lane, this.#options.topics, marks, words);
      return { index, records, bytes: records.reduce((sum, record) => sum + sizeOf(record), 0) };
    });
    return this.#inTurn(() => this.#writePacks(planned, signal));
  }

  async send(records: readonly KafkaRecord[], signal: AbortSignal): Promise<Fault | undefined> {
    const fault = await this.#inTurn(
      async () => (await this.#otherGateway(signal)) ?? this.#attempt((client) => client.send(records), signal),
    );
    this.#tell(fault);
    return fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#discard();
  }

  /** The client takes one call at a time: two at once would use the same sequence numbers. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #writePacks(planned: readonly Planned[], signal: AbortSignal): Promise<WriteResult> {
    const verdicts: Verdict[] = planned.map(() => keep);
    let bytes = 0;
    let fault: Fault | undefined;
    for (const pack of this.#packs(planned)) {
      fault = (await this.#otherGateway(signal)) ?? (await this.#deliver(pack, verdicts, signal));
      if (fault !== undefined) break;
      bytes += pack.reduce((sum, one) => sum + one.bytes, 0);
    }
    this.#tell(fault);
    if (fault === undefined) return { verdicts, bytes };
    return { verdicts, bytes, pause: { reason: fault.class, forMs: rules[fault.class].pause ?? 'transient' } };
  }

  #packs(planned: readonly Planned[]): Planned[][] {
    const packs: Planned[][] = [];
    let bytes = Infinity;
    for (const one of planned) {
      bytes += one.bytes;
      if (bytes > this.#packBytes) {
        packs.push([]);
        bytes = one.bytes;
      }
      packs.at(-1)?.push(one);
    }
    return packs;
  }

  /** Writes a pack, or its halves in order where one of its records is refused; a fault keeps all that follows. */
  async #deliver(pack: readonly Planned[], verdicts: Verdict[], signal: AbortSignal): Promise<Fault | undefined> {
    const records = pack.flatMap((one) => one.records);
    const fault = await this.#attempt((client) => client.send(records), signal);
    const [first, second] = pack;
    if (fault === undefined) {
      for (const { index } of pack) verdicts[index] = accept;
      return undefined;
    }
    if (rules[fault.class].effect === 'keep' || first === undefined) return fault;
    if (second === undefined) {
      verdicts[first.index] = { is: 'reject', code: fault.code, detail: `Kafka refuses the record (${fault.class}).` };
      return undefined;
    }
    const half = Math.ceil(pack.length / 2);
    if (fault.class === 'too-large') this.#packBytes = Math.max(packBytes.least, Math.floor(this.#packBytes / 2));
    return (
      (await this.#deliver(pack.slice(0, half), verdicts, signal)) ??
      (await this.#deliver(pack.slice(half), verdicts, signal))
    );
  }

  /** Runs one call on the client, opening one where there is none; after any failure the client is thrown away. */
  async #attempt(call: (client: KafkaClient) => Promise<void>, signal: AbortSignal): Promise<Fault | undefined> {
    if (signal.aborted || this.#disposed) return { class: 'transport', code: 'aborted' };
    const { openClient = openKafkaClient } = this.#deps;
    const client = (this.#client ??= openClient(this.#options));
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new PortcullisError('SINK_UNAVAILABLE', 'The wait for Kafka was given up.'));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([call(client), aborted]);
      return undefined;
    } catch (error) {
      await this.#discard();
      if (signal.aborted) return { class: 'transport', code: 'aborted' };
      const fault = classOfFault(error);
      if (this.#lastFault !== fault.code) {
        this.#deps.log.warn(
          { sink: this.name, class: fault.class, code: fault.code, err: error },
          'Kafka refuses or is away',
        );
      }
      return fault;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** A fault where another gateway runs in place of this one, or where Kafka does not say. */
  async #otherGateway(signal: AbortSignal): Promise<Fault | undefined> {
    const { fence } = this.#deps;
    const topic = this.#options.topics.gateways;
    if (this.#watch === undefined || fence === undefined || topic === null) return undefined;
    const watch = this.#watch;
    let isOurs = true;
    const fault = await this.#attempt(async (client) => {
      const claim = (): Promise<void> => client.send([claimRecord(fence, topic, systemClock.wallMs())]);
      isOurs = await watch.isOurs(claim, signal);
    }, signal);
    return fault ?? (isOurs ? undefined : { class: 'fenced', code: 'fenced' });
  }

  async #discard(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.[Symbol.asyncDispose]();
  }

  #tell(fault: Fault | undefined): void {
    this.#lastFault = fault?.code;
    const alarm = fault && rules[fault.class].alarm;
    if (alarm) this.#alarms.raise(alarm.code, alarm.detail);
    else if (fault === undefined) this.#alarms.clearOthers();
  }
}
