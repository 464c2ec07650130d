import type { TableStore, Write } from '../../../contracts/table-set.ts';
import { tell } from '../../observability/channels.ts';
import type { Clock } from '../../lib/clock.ts';
import { IncomingIds } from './incoming-ids.ts';
import { LateWrites } from './late-writes.ts';
import { LivedClock } from './lived-clock.ts';
import { OutgoingQueues } from './outgoing-queues.ts';
import type { QueueLimits, Queued } from './outgoing-queues.ts';
import { RetainedStore } from './retained-store.ts';
import type { Retained, RetainedLimits } from './retained-store.ts';
import { SubscriptionIndex } from './subscription-index.ts';
import { WillStore } from './will-store.ts';

export interface SessionLimits {
  readonly queue: QueueLimits;
  readonly retained: RetainedLimits;
  /** A session whose client stayed away for this long is forgotten. Lived time. */
  readonly maxSessionAgeMs: number;
  /** Bytes of all wills; a CONNECT with one more is refused. */
  readonly maxWillBytes: number;
}

/** What one accepted message leaves behind for others; committed with it, then applied to memory. */
export interface Traces {
  readonly writes: readonly Write[];
  readonly retained: Retained | undefined;
  readonly queued: readonly Queued[];
}

const none: Traces = { writes: [], retained: undefined, queued: [] };

/**
 * Persistent sessions, retained messages, wills and QoS 2 identifiers. The rows of a message are planned before its
 * commit (`plan`), travel in its transaction, and enter the memory indexes after it (`apply`).
 */
export class SessionStore {
  readonly retained: RetainedStore;
  readonly queues: OutgoingQueues;
  readonly subscriptions = new SubscriptionIndex();
  readonly incoming: IncomingIds;
  readonly wills: WillStore;
  readonly #store: TableStore;
  readonly #clock: LivedClock;
  readonly #late: LateWrites;
  readonly #maxSessionAgeMs: number;
  readonly #lastSeen = new Map<string, number>();
  /** Queue rows by the payload object of their message: the broker wraps packets anew but keeps the payload. */
  readonly #queuedByPayload = new WeakMap<Uint8Array, readonly Queued[]>();

  private constructor(
    store: TableStore,
    limits: SessionLimits,
    parts: {
      clock: LivedClock;
      late: LateWrites;
      retained: RetainedStore;
      queues: OutgoingQueues;
      incoming: IncomingIds;
      wills: WillStore;
    },
  ) {
    this.#store = store;
    this.#maxSessionAgeMs = limits.maxSessionAgeMs;
    this.#clock = parts.clock;
    this.#late = parts.late;
    this.retained = parts.retained;
    this.queues = parts.queues;
    this.incoming = parts.incoming;
    this.wills = parts.wills;
  }

  static async open(store: TableStore, limits: SessionLimits, clock: Clock): Promise<SessionStore> {
    const lived = await LivedClock.open(store, clock);
    const late = new LateWrites(store);
    const sessions = new SessionStore(store, limits, {
      clock: lived,
      late,
      retained: await RetainedStore.open(store, limits.retained, lived),
      queues: await OutgoingQueues.open(store, limits.queue, lived, late),
      incoming: await IncomingIds.open(store),
      wills: await WillStore.open(store, late, limits.maxWillBytes),
    });
    for (const row of await store.read('mqtt.readSubscriptions', [])) sessions.subscriptions.load(row);
    for (const row of await store.read('mqtt.readSessions', [])) {
      sessions.#lastSeen.set(String(row['client']), Number(row['at']));
    }
    for (const client of sessions.queues.clients()) {
      if (!sessions.#lastSeen.has(client)) late.add(sessions.queues.clear(client));
    }
    return sessions;
  }

  /** Plans what a message leaves behind; `mayReceive` repeats the subscribers' rights. */
  plan(
    message: { client: string; topic: string; payload: Buffer; qos: 0 | 1 | 2; retain: boolean },
    mayReceive: (client: string, topic: string) => boolean,
  ): Traces {
    const { client, topic, qos } = message;
    const subscribers = qos === 0 ? [] : this.subscriptions.matching(topic);
    if (!message.retain && subscribers.length === 0) return none;
    const retained = message.retain ? this.retained.plan(client, topic, message.payload, qos) : undefined;
    const copy = retained?.payload ?? Buffer.from(message.payload);
    const queued: Queued[] = [];
    for (const subscriber of subscribers) {
      if (!mayReceive(subscriber.client, topic)) continue;
      queued.push(this.queues.plan(subscriber.client, topic, copy, Math.min(qos, subscriber.qos) as 1 | 2));
    }
    const writes = queued.map((one) => this.queues.writeOf(one));
    if (retained !== undefined) writes.push(this.retained.writeOf(retained));
    return { writes, retained, queued };
  }

  /**
   * Called after the commit and before the broker passes the message on. A session that has ended since the plan was
   * cleared before its row came.
   */
  apply(traces: Traces, payload: Buffer): void {
    if (traces.retained !== undefined) this.retained.apply(traces.retained);
    if (traces.queued.length === 0) return;
    for (const queued of traces.queued) {
      if (this.#lastSeen.has(queued.client)) this.queues.add(queued);
      else this.queues.forget(queued);
    }
    this.#queuedByPayload.set(payload, traces.queued);
  }

  /** The queue rows of a message that the broker passes on. */
  queuedFor(payload: Uint8Array): readonly Queued[] {
    return this.#queuedByPayload.get(payload) ?? [];
  }

  /** Adds a subscription to a persistent session at once; resolves when it is durable. */
  async subscribe(client: string, { topic, qos }: { topic: string; qos: 0 | 1 | 2 }): Promise<void> {
    if (this.subscriptions.of(client).get(topic) === qos) return;
    this.#lastSeen.set(client, this.#clock.now());
    this.subscriptions.set(client, topic, qos);
    await this.#store.write([
      { statement: 'mqtt.putSubscription', params: [client, topic, qos] },
      { statement: 'mqtt.putSession', params: [client, this.#clock.now()] },
    ]);
  }

  async unsubscribe(client: string, filters: readonly string[]): Promise<void> {
    for (const filter of filters) this.subscriptions.delete(client, filter);
    await this.#store.write(
      filters.map((filter) => ({ statement: 'mqtt.deleteSubscription', params: [client, filter] })),
    );
  }

  /** The age of a session counts from its client's last connection. */
  touch(client: string, isPersistent: boolean): void {
    if (!isPersistent) return;
    this.#lastSeen.set(client, this.#clock.now());
    this.#late.add({ statement: 'mqtt.putSession', params: [client, this.#clock.now()] });
  }

  /** Ends a session: a clean CONNECT (3.1.2.4), expiry, or a revoked credential. Resolves when durable. */
  async end(client: string): Promise<void> {
    await this.incoming.clear(client);
    if (!this.#lastSeen.delete(client)) return;
    this.subscriptions.deleteAll(client);
    await this.#store.write([
      { statement: 'mqtt.deleteSession', params: [client] },
      { statement: 'mqtt.deleteSubscriptions', params: [client] },
      this.queues.clear(client),
    ]);
  }

  /** Forgets what a client had retained. */
  async forgetRetained(client: string): Promise<void> {
    await this.#store.write(this.retained.forget(client));
  }

  /** Makes the release of a QoS 2 message durable before PUBREL leaves. */
  async number(queued: Queued): Promise<void> {
    if (!queued.durable || queued.qos !== 2) return;
    const params = [queued.mid ?? null, queued.released ? 1 : 0, queued.id];
    await this.#store.write([{ statement: 'mqtt.numberQueued', params }]);
  }

  /** Forgets what is too old. `isConnected` spares the sessions in use. */
  async sweep(isConnected: (client: string) => boolean): Promise<void> {
    this.queues.expire();
    const oldest = this.#clock.now() - this.#maxSessionAgeMs;
    for (const [client, at] of this.#lastSeen) {
      if (at >= oldest || isConnected(client)) continue;
      await this.end(client);
      tell('dropped', { stage: 'mqtt', reason: 'session-expired', count: 1 });
    }
    await this.#store.write([...this.retained.expire(), this.#clock.checkpoint()]);
  }

  /** Commits what was put off. */
  async flush(): Promise<void> {
    this.#late.add(this.#clock.checkpoint());
    await this.#late.settled();
  }
}
