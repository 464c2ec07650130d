import type { AedesOptions, Client, PublishPacket } from 'aedes';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Ingest } from '../../../contracts/pipeline.ts';
import type { Envelope } from '../../../contracts/plugin.ts';
import type { Write } from '../../../contracts/table-set.ts';
import { matchesFilter } from '../../lib/topic-filter.ts';
import { tell } from '../../observability/channels.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Connection } from './connection.ts';
import { HeldMessages } from './held-messages.ts';
import type { HeldMessagesParts } from './held-messages.ts';
import type { DirectPublish } from './publish-packet.ts';
import type { Intake } from './intake.ts';
import type { SessionStore, Traces } from './session-store.ts';
import type { TopicRights } from './topic-rights.ts';
import type { StoredWill } from './will-store.ts';

type Done = (error?: Error | null) => void;

/** A message as the broker parsed it, or as it came the short way. */
type Incoming = PublishPacket | DirectPublish;

/** One message between its arrival and its commit. */
interface Job {
  readonly connection: Connection | undefined;
  readonly client: string;
  readonly order: number;
  readonly bytes: number;
  readonly envelope: Envelope;
  readonly payload: Buffer;
  readonly traces: Traces;
  readonly writes: readonly Write[];
  /** QoS 2 packet identifier, else 0. */
  readonly mid: number;
  readonly will: StoredWill | undefined;
  readonly done: Done;
  readonly startedAt: number;
}

export interface IngestGateParts extends Pick<HeldMessagesParts<Job>, 'keepAlive' | 'keepAllAlive'> {
  readonly ingest: Ingest;
  readonly sessions: SessionStore;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly connectionOf: (client: Client) => Connection | undefined;
  readonly rightsOf: (clientId: string) => TopicRights | undefined;
  readonly actuationFilters: readonly string[];
  readonly holdMs: number;
  readonly maxHeldBytes: number;
  readonly maxIncomingPerClient: number;
  readonly acknowledge: 'after-commit' | 'before-commit';
}

/** What a pending message costs beside its payload. */
const overheadBytes = 512;
/** Repetitions of one QoS 2 message that may wait for its commit; a client repeats once for each connection. */
const maxRepetitions = 8;

/**
 * Aedes' `authorizePublish`, the only asynchronous step in front of PUBACK and PUBREC: checks rights, and lets the
 * broker go on when the message and everything that it leaves behind is committed.
 *
 * When there is no room, acknowledgements are held and the same messages are tried again for `holdMs` (see
 * `HeldMessages`). Any other failure closes the connection, so that the client sends again.
 */
export class IngestGate {
  readonly #parts: IngestGateParts;
  readonly #mayReceive: (client: string, topic: string) => boolean;
  /** QoS 2 messages on their way, with those who wait for the same identifier. */
  readonly #incoming = new Map<string, Done[]>();
  readonly #held: HeldMessages<Job>;
  #arrived = 0;
  #isClosing = false;

  constructor(parts: IngestGateParts) {
    this.#parts = parts;
    this.#mayReceive = (client, topic) => parts.rightsOf(client)?.mayReceive(topic) ?? false;
    this.#held = new HeldMessages({ ...parts, maxBytes: parts.maxHeldBytes, attempt: (job) => this.#attempt(job) });
  }

  get held(): number {
    return this.#held.count;
  }

  readonly authorizePublish: NonNullable<AedesOptions['authorizePublish']> = (client, packet, done) => {
    const will = this.#parts.sessions.wills.of(packet);
    if (will !== undefined) this.#will(will, packet, done);
    else if (client !== null) this.publish(client, this.#parts.connectionOf(client), packet, done);
    else refuse('publish-denied', done);
  };

  /** Wills are neither published nor forgotten from now on, and held messages fail. */
  close(): void {
    this.#isClosing = true;
    for (const job of this.#held.close()) this.#give(job, new PortcullisError('STORE_CLOSED', 'The gateway stops.'));
  }

  /** Takes a client's message in; `done` is called when it is durable, and with an error when it will not be. */
  publish(client: Client, connection: Connection | undefined, packet: Incoming, done: Done): void {
    const rights = connection?.identity?.rights;
    if (connection === undefined || rights === undefined || !rights.mayPublish(packet.topic)) {
      refuse('publish-denied', done);
      return;
    }
    const mid = packet.qos === 2 ? (packet.messageId ?? 0) : 0;
    if (mid !== 0 && !this.#isFirst(client.id, mid, done)) return;
    this.#start(connection, client.id, rights, packet, mid, undefined, done);
  }

  /** Answers repetitions of a QoS 2 message: at once when it is committed, with the first one while it is not. */
  #isFirst(client: string, mid: number, done: Done): boolean {
    const { incoming } = this.#parts.sessions;
    if (incoming.has(client, mid)) {
      done(null);
      return false;
    }
    const key = keyOf(client, mid);
    const waiting = this.#incoming.get(key);
    if (waiting !== undefined) {
      if (waiting.length >= maxRepetitions) refuse('too-many-repetitions', done);
      else waiting.push(done);
      return false;
    }
    if (incoming.count(client) >= this.#parts.maxIncomingPerClient) {
      refuse('too-many-unreleased', done);
      return false;
    }
    this.#incoming.set(key, []);
    return true;
  }

  /** A will has no connection any more; a stop of the gateway leaves it for the next run. */
  #will(will: StoredWill, packet: PublishPacket, done: Done): void {
    const rights = this.#parts.rightsOf(will.clientId);
    if (this.#isClosing || rights === undefined || !rights.mayPublish(packet.topic)) {
      refuse('will-denied', done);
      return;
    }
    this.#parts.sessions.wills.began(will);
    this.#start(undefined, will.clientId, rights, packet, 0, will, done);
  }

  #start(
    connection: Connection | undefined,
    client: string,
    rights: TopicRights,
    packet: Incoming,
    mid: number,
    will: StoredWill | undefined,
    done: Done,
  ): void {
    const { sessions, clock, intake } = this.#parts;
    const payload = packet.payload as Buffer;
    const { topic, qos } = packet;
    packet.retain = packet.retain && this.#mayRetain(client, rights, topic, payload.length);
    const traces = sessions.plan({ client, topic, payload, qos, retain: packet.retain }, this.#mayReceive);
    const writes = mid === 0 && will === undefined ? traces.writes : [...traces.writes];
    if (mid !== 0) (writes as Write[]).push(sessions.incoming.writeOf(client, mid));
    if (will !== undefined) (writes as Write[]).push(sessions.wills.deletionOf(will));
    const envelope: Envelope = {
      transport: 'mqtt',
      client,
      topic,
      payload,
      retain: packet.retain,
      receivedAt: clock.wallMs(),
      plugin: rights.profile.plugin,
      user: rights.user,
      publishes: rights.publishes,
    };
    const order = ++this.#arrived;
    const bytes = payload.length + overheadBytes;
    const startedAt = clock.monoMs();
    const job = { connection, client, order, bytes, envelope, payload, traces, writes, mid, will, done, startedAt };
    connection?.began();
    intake.add(bytes);
    if (this.#parts.acknowledge === 'before-commit') this.#acknowledgeEarly(job);
    else if (!this.#held.holds(client)) this.#attempt(job);
    else if (this.#held.admits(job)) this.#held.follow(job);
    else this.#giveUp(job, new PortcullisError('OVERLOADED', 'Too many messages wait for room.'));
  }

  #mayRetain(client: string, rights: TopicRights, topic: string, bytes: number): boolean {
    let reason: string | undefined;
    if (!rights.profile.retain) reason = 'retain-denied';
    else if (this.#parts.actuationFilters.some((filter) => matchesFilter(filter, topic))) reason = 'retained-command';
    else if (!this.#parts.sessions.retained.admits(client, topic, bytes)) reason = 'retained-quota';
    if (reason !== undefined) tell('dropped', { stage: 'mqtt', reason, count: 1 });
    return reason === undefined;
  }

  #attempt(job: Job): void {
    this.#parts.ingest(job.envelope, job.writes).then(
      () => this.#committed(job),
      (error: unknown) => this.#failed(job, error),
    );
  }

  #committed(job: Job): void {
    this.#index(job);
    this.#give(job, null);
    this.#held.settled(job, true);
  }

  #index(job: Job): void {
    const { sessions } = this.#parts;
    if (job.traces.writes.length > 0) sessions.apply(job.traces, job.payload);
    if (job.mid !== 0) sessions.incoming.committed(job.envelope.client, job.mid);
    if (job.will !== undefined) sessions.wills.published(job.will);
  }

  #failed(job: Job, error: unknown): void {
    const waited = this.#parts.clock.monoMs() - job.startedAt;
    const isRetryable = error instanceof PortcullisError && error.retryable;
    const isStoreFault = isRetryable && error.code !== 'OVERLOADED';
    const mayWait = isStoreFault || this.#held.admits(job);
    if (!isRetryable || !mayWait || this.#isClosing || waited >= this.#parts.holdMs) {
      this.#giveUp(job, error instanceof Error ? error : new PortcullisError('INTERNAL', String(error)));
      return;
    }
    tell('retried', { stage: 'mqtt', reason: error.code });
    this.#held.refused(job, isStoreFault);
  }

  /** Closes the connection. What waits on it behind the message goes with it: the client sends all of it again, in order. */
  #giveUp(job: Job, error: Error): void {
    if (job.will !== undefined) this.#parts.sessions.wills.failed(job.will);
    const lost = [job, ...this.#held.takeBehind(job)];
    tell('rejected', { stage: 'mqtt', reason: 'not-committed', count: lost.length });
    for (const one of lost) this.#give(one, error);
    this.#held.settled(job, false);
  }

  /** Lets the broker go on, with the repetitions that wait for the same message behind it. */
  #give(job: Job, error: Error | null): void {
    const repetitions = job.mid === 0 ? undefined : this.#takeWaiting(job);
    job.done(error);
    if (repetitions !== undefined) for (const done of repetitions) done(error);
    job.connection?.ended();
    this.#parts.intake.remove(job.bytes);
  }

  #takeWaiting(job: Job): readonly Done[] | undefined {
    const key = keyOf(job.envelope.client, job.mid);
    const waiting = this.#incoming.get(key);
    this.#incoming.delete(key);
    return waiting;
  }

  /** The negative control: what a broker does that acknowledges first and stores later. */
  #acknowledgeEarly(job: Job): void {
    this.#index(job);
    this.#give(job, null);
    this.#parts.ingest(job.envelope, job.writes).catch(() => {
      tell('dropped', { stage: 'mqtt', reason: 'acknowledged-before-commit', count: 1 });
    });
  }
}

function keyOf(client: string, mid: number): string {
  return `${mid} ${client}`;
}

function refuse(reason: string, done: Done): void {
  tell('rejected', { stage: 'mqtt', reason, count: 1 });
  done(new PortcullisError('NOT_ALLOWED', `The broker refused a message: ${reason}.`));
}
