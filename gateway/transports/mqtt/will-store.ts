import { PortcullisError } from '../../../contracts/errors.ts';
import type { SqlRow, TableStore, Write } from '../../../contracts/table-set.ts';
import { tell } from '../../observability/channels.ts';
import type { LateWrites } from './late-writes.ts';

export interface Will {
  readonly topic: string;
  payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** A stored will under the names that the broker looks for. `brokerId` tells which process run it belongs to. */
export interface StoredWill extends Will {
  readonly cmd: 'publish';
  readonly dup: false;
  readonly clientId: string;
  readonly brokerId: string;
  readonly seq: number;
}

/** What a will costs beside its topic and payload. */
const overheadBytes = 512;

/**
 * The wills of connected clients. They survive a crash of the gateway: the next run publishes those whose clients did
 * not come back. A clean stop of the gateway leaves them too, because the devices did not go away, the gateway did.
 */
export class WillStore {
  readonly #store: TableStore;
  readonly #late: LateWrites;
  readonly #byClient = new Map<string, StoredWill>();
  /** By the broker's own object: after a takeover the client's stored will is already the next one. */
  readonly #byPacket = new WeakMap<object, StoredWill>();
  /** On their way to their commit. */
  readonly #underway = new Set<StoredWill>();
  readonly #maxBytes: number;
  #bytes = 0;
  #seq = 0;
  #frozen = false;

  private constructor(store: TableStore, late: LateWrites, maxBytes: number) {
    this.#store = store;
    this.#late = late;
    this.#maxBytes = maxBytes;
  }

  static async open(store: TableStore, late: LateWrites, maxBytes: number): Promise<WillStore> {
    const wills = new WillStore(store, late, maxBytes);
    for (const row of await store.read('mqtt.readWills', [])) {
      const will = fromRow(row);
      wills.#keep(will);
      wills.#seq = Math.max(wills.#seq, will.seq);
    }
    return wills;
  }

  get(client: string): StoredWill | undefined {
    return this.#byClient.get(client);
  }

  /** The stored will behind a packet that the broker is about to publish, if the packet is a will. */
  of(packet: object): StoredWill | undefined {
    return 'seq' in packet ? (packet as StoredWill) : this.#byPacket.get(packet);
  }

  /** Rejects with NOT_ALLOWED when there is no room for it, and then keeps nothing, as when the store fails. */
  async put(client: string, brokerId: string, packet: Will): Promise<void> {
    if (this.#bytes + bytesOf(packet) > this.#maxBytes) {
      tell('rejected', { stage: 'mqtt', reason: 'will-quota', count: 1 });
      throw new PortcullisError('NOT_ALLOWED', 'The broker refused a connection: will-quota.');
    }
    const { topic, payload, qos, retain } = packet;
    const seq = ++this.#seq;
    const copy = Buffer.from(payload);
    // The broker holds the packet as long as the connection lives, and with it all of what it was read with.
    packet.payload = copy;
    const will = {
      cmd: 'publish',
      dup: false,
      topic,
      payload: copy,
      qos,
      retain,
      clientId: client,
      brokerId,
      seq,
    } as const;
    this.#keep(will);
    this.#byPacket.set(packet, will);
    const params = [client, seq, topic, copy, qos, retain ? 1 : 0];
    try {
      await this.#store.write([{ statement: 'mqtt.putWill', params }]);
    } catch (error) {
      this.drop(will);
      throw error;
    }
  }

  /** The broker publishes a will; `published` or `failed` must follow. */
  began(will: StoredWill): void {
    this.#underway.add(will);
  }

  /** To be committed with the will's own message, so that it is published once. */
  deletionOf(will: StoredWill): Write {
    return { statement: 'mqtt.deleteWill', params: [will.clientId, will.seq] };
  }

  /** Called after the commit of `deletionOf`. */
  published(will: StoredWill): void {
    this.#underway.delete(will);
    if (this.#isCurrent(will)) this.#remove(will.clientId);
  }

  /** It could not be committed. The others are published before it is tried again. */
  failed(will: StoredWill): void {
    this.#underway.delete(will);
    if (this.#isCurrent(will)) this.#keep(will);
  }

  /** Drops a will that is not to be published; one that a crash brings back is judged anew. */
  drop(will: StoredWill): void {
    if (this.#frozen) return;
    if (this.#isCurrent(will)) this.#remove(will.clientId);
    this.#late.add(this.deletionOf(will));
  }

  async delete(client: string): Promise<StoredWill | undefined> {
    const will = this.#byClient.get(client);
    if (will === undefined || this.#frozen) return undefined;
    this.#remove(client);
    await this.#store.write([this.deletionOf(will)]);
    return will;
  }

  /** From now on wills stay as they are: the gateway stops. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Wills of process runs that are not alive, without those on their way. */
  orphans(alive: Readonly<Record<string, unknown>>): StoredWill[] {
    const all = [...this.#byClient.values()];
    return all.filter((will) => alive[will.brokerId] === undefined && !this.#underway.has(will));
  }

  /** In the last place, in front of which all others are published. */
  #keep(will: StoredWill): void {
    this.#remove(will.clientId);
    this.#byClient.set(will.clientId, will);
    this.#bytes += bytesOf(will);
  }

  #remove(client: string): void {
    const will = this.#byClient.get(client);
    if (will === undefined) return;
    this.#byClient.delete(client);
    this.#bytes -= bytesOf(will);
  }

  #isCurrent({ clientId, seq }: StoredWill): boolean {
    return this.#byClient.get(clientId)?.seq === seq;
  }
}

const bytesOf = ({ topic, payload }: Will): number => topic.length + payload.length + overheadBytes;

function fromRow(row: SqlRow): StoredWill {
  return {
    cmd: 'publish',
    dup: false,
    topic: String(row['topic']),
    payload: Buffer.from(row['payload'] as Uint8Array),
    qos: Number(row['qos']) as 0 | 1 | 2,
    retain: Number(row['retain']) === 1,
    clientId: String(row['client']),
    brokerId: 'an earlier run',
    seq: Number(row['seq']),
  };
}
