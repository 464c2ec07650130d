import type { TableStore, Write } from '../../../contracts/table-set.ts';

/** `fresh`: committed in this process, and the broker has not passed it on yet. `known`: a second one is a repetition. */
type State = 'fresh' | 'known';

/**
 * The QoS 2 packet identifiers that were accepted and not yet released (section 4.3.3). A row is committed together
 * with its message and deleted before PUBCOMP, so that neither a crash repeats a message nor a used identifier
 * swallows the next one.
 */
export class IncomingIds {
  readonly #store: TableStore;
  readonly #byClient = new Map<string, Map<number, State>>();

  private constructor(store: TableStore) {
    this.#store = store;
  }

  static async open(store: TableStore): Promise<IncomingIds> {
    const ids = new IncomingIds(store);
    for (const row of await store.read('mqtt.readIncoming', [])) {
      ids.#set(String(row['client']), Number(row['mid']), 'known');
    }
    return ids;
  }

  has(client: string, mid: number): boolean {
    return this.#byClient.get(client)?.has(mid) ?? false;
  }

  count(client: string): number {
    return this.#byClient.get(client)?.size ?? 0;
  }

  writeOf(client: string, mid: number): Write {
    return { statement: 'mqtt.addIncoming', params: [client, mid] };
  }

  /** Called after the commit that holds the row. */
  committed(client: string, mid: number): void {
    this.#set(client, mid, 'fresh');
  }

  /** Whether the broker must treat the message as a repetition; the first asking after a commit says no. */
  isRepetition(client: string, mid: number): boolean {
    const ids = this.#byClient.get(client);
    const state = ids?.get(mid);
    if (state === 'fresh') ids?.set(mid, 'known');
    return state === 'known';
  }

  /** Resolves when the deletion is durable; PUBCOMP must wait for it. */
  async release(client: string, mid: number): Promise<void> {
    await this.#store.write([{ statement: 'mqtt.deleteIncoming', params: [client, mid] }]);
    const ids = this.#byClient.get(client);
    ids?.delete(mid);
    if (ids?.size === 0) this.#byClient.delete(client);
  }

  /** Ends a clean session (section 3.1.2.4). */
  async clear(client: string): Promise<void> {
    const ids = this.#byClient.get(client);
    if (ids === undefined) return;
    this.#byClient.delete(client);
    try {
      await this.#store.write([{ statement: 'mqtt.deleteAllIncoming', params: [client] }]);
    } catch (error) {
      for (const mid of ids.keys()) this.#set(client, mid, 'known');
      throw error;
    }
  }

  #set(client: string, mid: number, state: State): void {
    let ids = this.#byClient.get(client);
    if (ids === undefined) this.#byClient.set(client, (ids = new Map()));
    ids.set(mid, state);
  }
}
