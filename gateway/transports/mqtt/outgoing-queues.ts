import type { SqlRow, TableStore, Write } from '../../../contracts/table-set.ts';
import { tell } from '../../observability/channels.ts';
import type { LateWrites } from './late-writes.ts';
import type { LivedClock } from './lived-clock.ts';

export interface QueueLimits {
  /** Per client. */
  readonly maxBytes: number;
  readonly maxMessages: number;
  readonly maxAgeMs: number;
  /** All clients together. */
  readonly maxTotalBytes: number;
}

/** One message on its way to a persistent session: queued, then sent with a packet identifier, then acknowledged. */
export interface Queued {
  readonly id: number;
  readonly client: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 1 | 2;
  readonly at: number;
  /** False for commands of the gateway: they never wait for an absent device. */
  readonly durable: boolean;
  /** Packet identifier, once sent. */
  mid: number | undefined;
  /** QoS 2: PUBREC came, PUBREL is due. */
  released: boolean;
  /** The broker's own number of the live message, to find it again when it is delivered. */
  counter: number | undefined;
}

interface Queue {
  readonly byId: Map<number, Queued>;
  readonly byMid: Map<number, Queued>;
  readonly byCounter: Map<number, Queued>;
  bytes: number;
}

/** Message bytes plus what a row and its indexes cost. */
const sizeOf = (queued: Queued): number => queued.topic.length + queued.payload.length + 128;

/**
 * The queues of persistent sessions: an index in memory over rows that were committed together with the message.
 * When a queue is full its oldest message goes, and that is told.
 */
export class OutgoingQueues {
  readonly #limits: QueueLimits;
  readonly #clock: LivedClock;
  readonly #late: LateWrites;
  readonly #queues = new Map<string, Queue>();
  #nextId = 1;
  #bytes = 0;
  #count = 0;

  private constructor(limits: QueueLimits, clock: LivedClock, late: LateWrites) {
    this.#limits = limits;
    this.#clock = clock;
    this.#late = late;
  }

  static async open(store: TableStore, limits: QueueLimits, clock: LivedClock, late: LateWrites) {
    const queues = new OutgoingQueues(limits, clock, late);
    for (const row of await store.read('mqtt.readQueue', [])) queues.#load(fromRow(row));
    return queues;
  }

  get size(): number {
    return this.#count;
  }

  clients(): string[] {
    return [...this.#queues.keys()];
  }

  plan(client: string, topic: string, payload: Buffer, qos: 1 | 2): Queued {
    return this.#new(client, topic, payload, qos, true);
  }

  /** A message that is forgotten with the connection. */
  addVolatile(client: string, topic: string, payload: Buffer, qos: 1 | 2): Queued {
    const queued = this.#new(client, topic, payload, qos, false);
    this.add(queued);
    return queued;
  }

  writeOf({ id, client, topic, payload, qos, at }: Queued): Write {
    return { statement: 'mqtt.addQueued', params: [id, client, topic, payload, qos, at] };
  }

  /** Called after the commit. */
  add(queued: Queued): void {
    const queue = this.#queueOf(queued.client);
    this.#insert(queue, queued);
    while (this.#isOver(queue) && queue.byId.size > 1) this.#evictOldest(queue);
  }

  /** Remembers the broker's number of a live message. */
  link(queued: Queued, counter: number): void {
    queued.counter = counter;
    const queue = this.#queues.get(queued.client);
    if (queue?.byId.has(queued.id)) queue.byCounter.set(counter, queued);
  }

  byCounter(client: string, counter: number): Queued | undefined {
    return this.#queues.get(client)?.byCounter.get(counter);
  }

  byId(client: string, id: number): Queued | undefined {
    return this.#queues.get(client)?.byId.get(id);
  }

  byMid(client: string, mid: number): Queued | undefined {
    return this.#queues.get(client)?.byMid.get(mid);
  }

  /** Gives a message its packet identifier: `wanted`, or the next one that no other message of the client holds. */
  number(queued: Queued, wanted: number): number {
    const queue = this.#queueOf(queued.client);
    let mid = wanted;
    while (queue.byMid.has(mid) && queue.byMid.get(mid) !== queued) mid = mid >= 65_535 ? 1 : mid + 1;
    if (queued.mid !== undefined) queue.byMid.delete(queued.mid);
    queued.mid = mid;
    queue.byMid.set(mid, queued);
    return mid;
  }

  /** Forgets an acknowledged message; the row follows later. */
  remove(queued: Queued): void {
    const queue = this.#queues.get(queued.client);
    if (queue === undefined || !this.#take(queue, queued)) return;
    if (queued.durable) this.forget(queued);
  }

  /** Deletes the row of a message that is in no queue; it follows later. */
  forget({ id }: Queued): void {
    this.#late.add({ statement: 'mqtt.deleteQueued', params: [id] });
  }

  /** What an arriving client gets, oldest first. Volatile messages of an earlier connection are gone. */
  waiting(client: string): Queued[] {
    const queue = this.#queues.get(client);
    if (queue === undefined) return [];
    for (const queued of queue.byId.values()) if (!queued.durable) this.#take(queue, queued);
    return [...queue.byId.values()];
  }

  /** Forgets everything of a client; the caller commits the returned write. */
  clear(client: string): Write {
    const queue = this.#queues.get(client);
    if (queue !== undefined) {
      this.#bytes -= queue.bytes;
      this.#count -= queue.byId.size;
      this.#queues.delete(client);
    }
    return { statement: 'mqtt.deleteQueue', params: [client] };
  }

  expire(): void {
    const oldest = this.#clock.now() - this.#limits.maxAgeMs;
    let count = 0;
    for (const queue of this.#queues.values()) {
      for (const queued of queue.byId.values()) {
        if (queued.at >= oldest) break;
        this.remove(queued);
        count++;
      }
    }
    if (count > 0) tell('dropped', { stage: 'mqtt', reason: 'session-queue-expired', count });
  }

  #new(client: string, topic: string, payload: Buffer, qos: 1 | 2, durable: boolean): Queued {
    const at = this.#clock.now();
    const id = this.#nextId++;
    return { id, client, topic, payload, qos, at, durable, mid: undefined, released: false, counter: undefined };
  }

  #load(queued: Queued): void {
    const queue = this.#queueOf(queued.client);
    this.#insert(queue, queued);
    if (queued.mid !== undefined) queue.byMid.set(queued.mid, queued);
    this.#nextId = Math.max(this.#nextId, queued.id + 1);
  }

  #isOver(queue: Queue): boolean {
    const { maxBytes, maxMessages, maxTotalBytes } = this.#limits;
    return queue.bytes > maxBytes || queue.byId.size > maxMessages || this.#bytes > maxTotalBytes;
  }

  #evictOldest(queue: Queue): void {
    const [oldest] = queue.byId.values();
    if (oldest === undefined) return;
    this.remove(oldest);
    tell('dropped', { stage: 'mqtt', reason: 'session-queue-full', count: 1 });
  }

  #queueOf(client: string): Queue {
    let queue = this.#queues.get(client);
    if (queue === undefined) {
      queue = { byId: new Map(), byMid: new Map(), byCounter: new Map(), bytes: 0 };
      this.#queues.set(client, queue);
    }
    return queue;
  }

  #insert(queue: Queue, queued: Queued): void {
    queue.byId.set(queued.id, queued);
    queue.bytes += sizeOf(queued);
    this.#bytes += sizeOf(queued);
    this.#count++;
  }

  #take(queue: Queue, queued: Queued): boolean {
    if (!queue.byId.delete(queued.id)) return false;
    if (queued.mid !== undefined) queue.byMid.delete(queued.mid);
    if (queued.counter !== undefined) queue.byCounter.delete(queued.counter);
    queue.bytes -= sizeOf(queued);
    this.#bytes -= sizeOf(queued);
    this.#count--;
    if (queue.byId.size === 0) this.#queues.delete(queued.client);
    return true;
  }
}

function fromRow(row: SqlRow): Queued {
  return {
    id: Number(row['id']),
    client: String(row['client']),
    topic: String(row['topic']),
    payload: Buffer.from(row['payload'] as Uint8Array),
    qos: Number(row['qos']) as 1 | 2,
    at: Number(row['at']),
    durable: true,
    mid: row['mid'] === null ? undefined : Number(row['mid']),
    released: Number(row['released']) === 1,
    counter: undefined,
  };
}
