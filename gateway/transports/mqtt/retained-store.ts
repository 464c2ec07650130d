import { setImmediate as turn } from 'node:timers/promises';
import type { SqlRow, TableStore, Write } from '../../../contracts/table-set.ts';
import { filterTree } from '../../lib/filter-tree.ts';
import { tell } from '../../observability/channels.ts';
import type { LivedClock } from './lived-clock.ts';

export interface RetainedLimits {
  readonly maxPerClient: number;
  readonly maxBytesPerClient: number;
  readonly maxTotal: number;
  readonly maxTotalBytes: number;
  readonly maxAgeMs: number;
}

export interface Retained {
  readonly topic: string;
  readonly client: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly at: number;
  /** Order among messages of one topic: a lower one never replaces a higher one. */
  readonly seq: number;
}

/** A search looks at so many levels of filters, about a millisecond, before everybody else has their turn. */
const looksPerTurn = 4_000;

interface Usage {
  count: number;
  bytes: number;
}

/**
 * The retained messages: an index in memory over rows that were committed together with the message. Quotas are
 * checked before the commit against what is there, so a client can exceed its own by at most the messages that it has
 * in flight.
 */
export class RetainedStore {
  readonly #limits: RetainedLimits;
  readonly #clock: LivedClock;
  readonly #byTopic = new Map<string, Retained>();
  readonly #byClient = new Map<string, Usage>();
  #bytes = 0;
  #seq = 0;
  #turns: Promise<void> = Promise.resolve();

  private constructor(limits: RetainedLimits, clock: LivedClock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  static async open(store: TableStore, limits: RetainedLimits, clock: LivedClock): Promise<RetainedStore> {
    const retained = new RetainedStore(limits, clock);
    for (const row of await store.read('mqtt.readRetained', [])) retained.#set(fromRow(row));
    return retained;
  }

  get size(): number {
    return this.#byTopic.size;
  }

  /** Whether one more message fits; deleting one always does. */
  admits(client: string, topic: string, bytes: number): boolean {
    const known = this.#byTopic.get(topic);
    if (bytes === 0) return true;
    const size = topic.length + bytes;
    const grown = size - (known === undefined ? 0 : sizeOf(known));
    const added = known === undefined ? 1 : 0;
    if (this.#byTopic.size + added > this.#limits.maxTotal) return false;
    if (grown > 0 && this.#bytes + grown > this.#limits.maxTotalBytes) return false;
    const usage = this.#byClient.get(client) ?? { count: 0, bytes: 0 };
    const own = known?.client === client;
    if (usage.count + (own ? 0 : 1) > this.#limits.maxPerClient) return false;
    return usage.bytes + (own ? grown : size) <= this.#limits.maxBytesPerClient;
  }

  /** A message with its place in the order. An empty payload means: forget the topic (section 3.3.1.3). */
  plan(client: string, topic: string, payload: Uint8Array, qos: 0 | 1 | 2): Retained {
    return { topic, client, payload: Buffer.from(payload), qos, at: this.#clock.now(), seq: ++this.#seq };
  }

  /** The write that goes into the transaction of the message. */
  writeOf({ topic, client, payload, qos, at, seq }: Retained): Write {
    return payload.length === 0
      ? { statement: 'mqtt.deleteRetained', params: [topic, seq] }
      : { statement: 'mqtt.putRetained', params: [topic, client, payload, qos, at, seq] };
  }

  /** Called after the commit. */
  apply(message: Retained): void {
    const known = this.#byTopic.get(message.topic);
    if (known !== undefined && known.seq > message.seq) return;
    if (message.payload.length === 0) this.#delete(message.topic);
    else this.#set(message);
  }

  /**
   * Each message that one of the filters matches, once. With wildcards every topic is looked at, and others have their
   * turn meanwhile: a topic that changed then may come again, one that came then was heard as it came. Ends when it is not wanted any more.
   */
  async *matching(filters: readonly string[], isWanted = (): boolean => true): AsyncGenerator<Retained> {
    if (filters.every((filter) => !/[+#]/.test(filter))) {
      for (const topic of filters) {
        const message = this.#byTopic.get(topic);
        if (message !== undefined) yield message;
      }
      return;
    }
    await this.#nextTurn();
    const tree = filterTree(filters);
    let turnEnds = looksPerTurn;
    // What is set again goes to the end of the index, so this passes all that were there, and ends.
    let left = this.#byTopic.size;
    for (const message of this.#byTopic.values()) {
      if (left-- === 0) return;
      if (tree.matches(message.topic)) yield message;
      if (tree.looks < turnEnds) continue;
      await this.#nextTurn();
      if (!isWanted()) return;
      turnEnds = tree.looks + looksPerTurn;
    }
  }

  /** Forgets what a client had retained; the writes make that durable. */
  forget(client: string): Write[] {
    const own = [...this.#byTopic.values()].filter((message) => message.client === client);
    for (const { topic } of own) this.#delete(topic);
    return own.map(({ topic, seq }) => ({ statement: 'mqtt.deleteRetained', params: [topic, seq + 1] }));
  }

  /** Forgets what is too old; the writes make that durable. */
  expire(): Write[] {
    const writes: Write[] = [];
    const oldest = this.#clock.now() - this.#limits.maxAgeMs;
    for (const message of this.#byTopic.values()) {
      if (message.at >= oldest) continue;
      writes.push({ statement: 'mqtt.deleteRetained', params: [message.topic, message.seq + 1] });
      this.#delete(message.topic);
    }
    if (writes.length > 0) tell('dropped', { stage: 'mqtt', reason: 'retained-expired', count: writes.length });
    return writes;
  }

  /** One search goes on in each turn of the event loop, however many there are. */
  #nextTurn(): Promise<void> {
    this.#turns = this.#turns.then(() => turn());
    return this.#turns;
  }

  #set(message: Retained): void {
    this.#delete(message.topic);
    this.#byTopic.set(message.topic, message);
    this.#account(message.client, 1, sizeOf(message));
    this.#seq = Math.max(this.#seq, message.seq);
  }

  #delete(topic: string): void {
    const message = this.#byTopic.get(topic);
    if (message === undefined) return;
    this.#byTopic.delete(topic);
    this.#account(message.client, -1, -sizeOf(message));
  }

  #account(client: string, count: number, bytes: number): void {
    const usage = this.#byClient.get(client) ?? { count: 0, bytes: 0 };
    usage.count += count;
    usage.bytes += bytes;
    this.#bytes += bytes;
    if (usage.count === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, usage);
  }
}

function sizeOf(message: Retained): number {
  return message.topic.length + message.payload.length;
}

function fromRow(row: SqlRow): Retained {
  return {
    topic: String(row['topic']),
    client: String(row['client']),
    payload: Buffer.from(row['payload'] as Uint8Array),
    qos: Number(row['qos']) as 0 | 1 | 2,
    at: Number(row['at']),
    seq: Number(row['seq']),
  };
}
