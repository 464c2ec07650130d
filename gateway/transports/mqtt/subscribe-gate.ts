import type { AedesOptions, Client } from 'aedes';
import { tell } from '../../observability/channels.ts';
import type { Connection } from './connection.ts';

type AuthorizeSubscribe = NonNullable<AedesOptions['authorizeSubscribe']>;
type Subscription = Parameters<AuthorizeSubscribe>[1];

interface Parts {
  readonly connectionOf: (client: Client) => Connection | undefined;
  /** The filters of a client's persistent session. */
  readonly storedOf: (clientId: string) => ReadonlyMap<string, unknown>;
  readonly maxPerClient: number;
}

/** Aedes' `authorizeSubscribe`: a refused filter is answered with 0x80 (section 3.9.3) and never stored. */
export class SubscribeGate {
  readonly #parts: Parts;
  #granting: Subscription | undefined;
  #subscriber: Client | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  readonly authorizeSubscribe: AuthorizeSubscribe = (client, subscription, done) => {
    const rights = this.#parts.connectionOf(client)?.identity?.rights;
    const { topic } = subscription;
    const reason = rights?.maySubscribe(topic) === true ? this.#quotaFault(client, topic) : 'subscribe-denied';
    if (reason === undefined) {
      this.#granting = subscription;
      done(null, subscription);
      this.#granting = undefined;
      return;
    }
    tell('rejected', { stage: 'mqtt', reason, count: 1 });
    done(null, null);
  };

  /** The subscription that was just granted: Aedes asks its persistence to keep it before `done` returns. */
  readonly granting = (): Subscription | undefined => this.#granting;

  /** Listens to Aedes' `subscribe`. */
  readonly subscribed = (_subscriptions: unknown, client: Client): void => {
    this.#subscriber = client;
  };

  /** Who just subscribed: Aedes asks its persistence for retained messages before anybody else can subscribe. */
  readonly subscriber = (): Client | undefined => this.#subscriber;

  /**
   * Aedes enters a subscription of a clean session at once, that of a persistent one after its commit; the stored
   * session has it at once. What a client has already may come again.
   */
  #quotaFault(client: Client, filter: string): string | undefined {
    const { subscriptions: live } = client as unknown as { subscriptions: Readonly<Record<string, object>> };
    const stored = this.#parts.storedOf(client.id);
    const isOver =
      (live[filter] === undefined && Object.keys(live).length >= this.#parts.maxPerClient) ||
      (!stored.has(filter) && stored.size >= this.#parts.maxPerClient);
    return isOver ? 'too-many-subscriptions' : undefined;
  }
}
