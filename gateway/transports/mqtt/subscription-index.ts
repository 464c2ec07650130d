import type { SqlRow } from '../../../contracts/table-set.ts';
import { matchesFilter } from '../../lib/topic-filter.ts';

export interface Subscriber {
  readonly client: string;
  /** The highest QoS that a matching subscription of this client was granted; above 0. */
  readonly qos: 1 | 2;
}

/** Answers are kept for this many topics; more than a house has. */
const maxCached = 4096;

/** The subscriptions of persistent sessions. Matching is a scan whose answers are kept until a subscription changes. */
export class SubscriptionIndex {
  readonly #byClient = new Map<string, Map<string, 0 | 1 | 2>>();
  readonly #cache = new Map<string, readonly Subscriber[]>();

  load(row: SqlRow): void {
    this.set(String(row['client']), String(row['filter']), Number(row['qos']) as 0 | 1 | 2);
  }

  set(client: string, filter: string, qos: 0 | 1 | 2): void {
    let filters = this.#byClient.get(client);
    if (filters === undefined) this.#byClient.set(client, (filters = new Map()));
    filters.set(filter, qos);
    this.#cache.clear();
  }

  delete(client: string, filter: string): void {
    const filters = this.#byClient.get(client);
    filters?.delete(filter);
    if (filters?.size === 0) this.#byClient.delete(client);
    this.#cache.clear();
  }

  deleteAll(client: string): void {
    this.#byClient.delete(client);
    this.#cache.clear();
  }

  of(client: string): ReadonlyMap<string, 0 | 1 | 2> {
    return this.#byClient.get(client) ?? new Map<string, 0 | 1 | 2>();
  }

  /** Who gets a QoS 1 or 2 message of this topic, each client once. */
  matching(topic: string): readonly Subscriber[] {
    let subscribers = this.#cache.get(topic);
    if (subscribers === undefined) {
      if (this.#cache.size >= maxCached) this.#cache.clear();
      this.#cache.set(topic, (subscribers = this.#scan(topic)));
    }
    return subscribers;
  }

  #scan(topic: string): Subscriber[] {
    const found: Subscriber[] = [];
    for (const [client, filters] of this.#byClient) {
      let best = 0 as 0 | 1 | 2;
      for (const [filter, qos] of filters) if (qos > best && matchesFilter(filter, topic)) best = qos;
      if (best !== 0) found.push({ client, qos: best });
    }
    return found;
  }
}
