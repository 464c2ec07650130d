import type { Client } from 'aedes';
import type { RetainedStore } from './retained-store.ts';

/** Parts of Aedes' client that its types leave out. */
interface ClientParts {
  readonly subscriptions: Readonly<Record<string, object>>;
}

/**
 * The retained messages that a subscription begins with (section 3.8.4). A client has one search at a time: what it
 * subscribes to meanwhile is looked for after it, so that no more waits than its subscriptions, however often it asks.
 */
export class RetainedSearch {
  readonly #retained: RetainedStore;
  /** Filters that wait behind the search of a client. */
  readonly #waiting = new WeakMap<Client, Set<string>>();

  constructor(retained: RetainedStore) {
    this.#retained = retained;
  }

  /** What the client gets now; nothing where a search of it goes on, which brings the rest. */
  begin(client: Client, filters: readonly string[]): AsyncIterable<object> | readonly [] {
    const waiting = this.#waiting.get(client);
    if (waiting === undefined) {
      const wanted = new Set(filters);
      this.#waiting.set(client, wanted);
      return this.#search(client, wanted);
    }
    const { subscriptions } = client as unknown as ClientParts;
    for (const filter of waiting) if (subscriptions[filter] === undefined) waiting.delete(filter);
    for (const filter of filters) waiting.add(filter);
    return [];
  }

  async *#search(client: Client, waiting: Set<string>): AsyncGenerator<object> {
    const isThere = (): boolean => !client.conn.destroyed;
    try {
      while (waiting.size > 0 && isThere()) {
        const filters = [...waiting];
        waiting.clear();
        for await (const { topic, payload, qos } of this.#retained.matching(filters, isThere)) {
          yield { cmd: 'publish', topic, payload, qos, retain: true, dup: false };
        }
      }
    } finally {
      this.#waiting.delete(client);
    }
  }
}
