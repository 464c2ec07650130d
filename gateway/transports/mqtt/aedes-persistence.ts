import { Readable } from 'node:stream';
import type { Client } from 'aedes';
import type { Logger } from 'pino';
import { tell } from '../../observability/channels.ts';
import type { Queued } from './outgoing-queues.ts';
import { RetainedSearch } from './retained-search.ts';
import type { SessionStore } from './session-store.ts';
import type { StoredWill, Will } from './will-store.ts';

/** The fields of a packet that the broker gives to its persistence. */
interface BrokerPacket {
  readonly cmd: string;
  readonly brokerId?: string;
  readonly brokerCounter?: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  messageId?: number;
}

interface WireSubscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

/** What Aedes waits for between the number of a message and its delivery. */
interface AtOnce<Value> {
  then(goOn: (value: Value) => void): void;
}

/** Marks queue rows that the broker reads back: their `brokerCounter` is the row's id. */
const storedId = 'stored';

/** CONNACK with return code 3 (section 3.2.2.3). */
const serverUnavailable = Uint8Array.of(0x20, 2, 0, 3);

export interface AedesPersistenceParts {
  readonly sessions: SessionStore;
  /** Which subscription was just granted. */
  readonly granting: () => WireSubscription | undefined;
  /** Who just subscribed. */
  readonly subscriber: () => Client | undefined;
  readonly mayPublish: (client: string, topic: string) => boolean;
  readonly log: Logger;
}

/**
 * Aedes' persistence interface over the session store. The ingest gate has already committed and indexed what a
 * message leaves behind when Aedes calls `storeRetained` and `outgoingEnqueueCombi`, so these write nothing: they only
 * link the broker's number of the message to its queue rows. Nor do they wait: Aedes drops what reaches a subscriber
 * behind a higher number as a repetition, and QoS 0 is delivered in the turn in which it is numbered.
 */
export class AedesPersistence {
  readonly #sessions: SessionStore;
  readonly #parts: AedesPersistenceParts;
  readonly #search: RetainedSearch;
  #brokerId = '';

  constructor(parts: AedesPersistenceParts) {
    this.#sessions = parts.sessions;
    this.#search = new RetainedSearch(parts.sessions.retained);
    this.#parts = parts;
  }

  async setup(broker: { readonly id: string }): Promise<void> {
    this.#brokerId = broker.id;
  }

  storeRetained(): AtOnce<void> {
    return atOnce(undefined);
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    const client = this.#parts.subscriber();
    return Readable.from(client === undefined ? [] : this.#search.begin(client, filters));
  }

  /**
   * Called for each subscription that is granted. Aedes hands over all of its SUBSCRIBE every time, those that are
   * refused or not checked yet too, which must not be kept.
   */
  async addSubscriptions(client: Client): Promise<void> {
    const granted = this.#parts.granting();
    if (granted !== undefined) await this.#sessions.subscribe(client.id, granted);
  }

  async removeSubscriptions(client: Client, filters: readonly string[]): Promise<void> {
    await this.#sessions.unsubscribe(client.id, filters);
  }

  async subscriptionsByClient(client: { readonly id: string }): Promise<WireSubscription[]> {
    return [...this.#sessions.subscriptions.of(client.id)].map(([topic, qos]) => ({ topic, qos }));
  }

  /** The queues are filled by the gate; Aedes only needs to go on to `outgoingEnqueueCombi`. */
  subscriptionsByTopic(): AtOnce<readonly WireSubscription[]> {
    return atOnce([]);
  }

  async cleanSubscriptions(client: Client): Promise<void> {
    await this.#sessions.end(client.id);
  }

  async outgoingEnqueue(): Promise<void> {}

  outgoingEnqueueCombi(_subscribers: unknown, packet: BrokerPacket): AtOnce<void> {
    const { brokerCounter } = packet;
    if (brokerCounter !== undefined) {
      for (const queued of this.#sessions.queuedFor(packet.payload)) this.#sessions.queues.link(queued, brokerCounter);
    }
    return atOnce(undefined);
  }

  /** Before PUBLISH or PUBREL leaves for a persistent session: give it its identifier, durably where QoS 2 needs it. */
  async outgoingUpdate(client: Client, packet: BrokerPacket): Promise<void> {
    const { queues } = this.#sessions;
    const mid = packet.messageId;
    if (mid === undefined) return;
    if (packet.cmd === 'pubrel') {
      const queued = queues.byMid(client.id, mid);
      if (queued === undefined || queued.released) return;
      queued.released = true;
      await this.#sessions.number(queued);
      return;
    }
    if (packet.qos === 0) return;
    const queued =
      this.#find(client.id, packet) ?? queues.addVolatile(client.id, packet.topic, packet.payload, packet.qos);
    packet.messageId = queues.number(queued, mid);
    await this.#sessions.number(queued);
  }

  /** PUBACK or PUBCOMP. Of a connection that we closed ourselves nothing is forgotten: it was never delivered. */
  async outgoingClearMessageId(client: Client, packet: { readonly messageId?: number }): Promise<object | undefined> {
    if (packet.messageId === undefined || client.conn.destroyed) return undefined;
    const queued = this.#sessions.queues.byMid(client.id, packet.messageId);
    if (queued === undefined) return undefined;
    this.#sessions.queues.remove(queued);
    return publishOf(queued);
  }

  outgoingStream(client: Client): Readable {
    return Readable.from(this.#sessions.queues.waiting(client.id).map((queued) => packetOf(queued)));
  }

  async incomingStorePacket(): Promise<void> {}

  /** Rejects for a new message, as Aedes expects; PUBREL asks with the same method. */
  async incomingGetPacket(
    client: Client,
    packet: { readonly cmd: string; readonly messageId: number },
  ): Promise<object> {
    const { incoming } = this.#sessions;
    const known =
      packet.cmd === 'publish'
        ? incoming.isRepetition(client.id, packet.messageId)
        : incoming.has(client.id, packet.messageId);
    if (!known) throw new Error('no such packet');
    return packet;
  }

  /** Aedes sends PUBCOMP whether this resolves or rejects, so a failed deletion must take the connection with it. */
  async incomingDelPacket(client: Client, packet: { readonly messageId: number }): Promise<void> {
    try {
      await this.#sessions.incoming.release(client.id, packet.messageId);
    } catch (error) {
      client.conn.destroy();
      throw error;
    }
  }

  async cleanIncoming(client: Client): Promise<void> {
    await this.#sessions.incoming.clear(client.id);
  }

  async putWill(client: Client, will: Will): Promise<void> {
    try {
      await this.#sessions.wills.put(client.id, this.#brokerId, will);
    } catch (error) {
      await turnAway(client);
      throw error;
    }
  }

  async getWill(client: { readonly id: string }): Promise<StoredWill | undefined> {
    return this.#sessions.wills.get(client.id);
  }

  async delWill(client: { readonly id: string }): Promise<StoredWill | undefined> {
    return this.#sessions.wills.delete(client.id);
  }

  streamWill(brokers: Readonly<Record<string, unknown>>): Readable {
    return Readable.from(this.#orphans({ ...brokers, [this.#brokerId]: true }));
  }

  async destroy(): Promise<void> {}

  #find(client: string, packet: BrokerPacket): Queued | undefined {
    if (packet.brokerCounter === undefined) return undefined;
    return packet.brokerId === storedId
      ? this.#sessions.queues.byId(client, packet.brokerCounter)
      : this.#sessions.queues.byCounter(client, packet.brokerCounter);
  }

  /** Aedes stops at the first will that is refused, so those that would be are dropped before. */
  #orphans(alive: Readonly<Record<string, unknown>>): StoredWill[] {
    const { mayPublish, log } = this.#parts;
    const { wills } = this.#sessions;
    const orphans = wills.orphans(alive);
    const denied = orphans.filter(({ clientId, topic }) => !mayPublish(clientId, topic));
    if (denied.length === 0) return orphans;
    for (const will of denied) wills.drop(will);
    tell('dropped', { stage: 'mqtt', reason: 'will-denied', count: denied.length });
    const clients = denied.slice(0, 10).map(({ clientId }) => clientId.slice(0, 64));
    log.warn({ clients, count: denied.length }, 'dropped the wills of clients that may not publish them any more');
    return orphans.filter((will) => !denied.includes(will));
  }
}

function atOnce<Value>(value: Value): AtOnce<Value> {
  return { then: (goOn) => goOn(value) };
}

/**
 * Aedes closes a connection whose will is not kept without an answer, and as if the client were in already: it would
 * publish the will, and forget another connection of the same name.
 */
async function turnAway(client: Client): Promise<void> {
  Object.assign(client, { will: null, _authorized: false });
  const { promise, resolve } = Promise.withResolvers<void>();
  client.conn.write(serverUnavailable, () => resolve());
  await promise;
}

function publishOf(queued: Queued): object {
  const { id, topic, payload, qos, mid } = queued;
  const identity = { brokerId: storedId, brokerCounter: id, messageId: mid };
  // DUP marks what was sent before (section 3.3.1.1).
  return { cmd: 'publish', ...identity, topic, payload, qos, retain: false, dup: mid !== undefined };
}

function packetOf(queued: Queued): object {
  return queued.released ? { cmd: 'pubrel', messageId: queued.mid } : publishOf(queued);
}
