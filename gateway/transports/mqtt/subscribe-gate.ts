import type { AedesOptions, Client } from 'aedes';
import { tell } from '../../observability/channels.ts';
import type { Connection } from './connection.ts';

/** Aedes' `authorizeSubscribe`: a refused filter is answered with 0x80 (section 3.9.3) and never stored. */
export class SubscribeGate {
  readonly #connectionOf: (client: Client) => Connection | undefined;
  readonly #maxPerClient: number;
  readonly #granted = new WeakSet<object>();

  constructor(connectionOf: (client: Client) => Connection | undefined, maxPerClient: number) {
    this.#connectionOf = connectionOf;
    this.#maxPerClient = maxPerClient;
  }

  readonly authorizeSubscribe: NonNullable<AedesOptions['authorizeSubscribe']> = (client, subscription, done) => {
    const rights = this.#connectionOf(client)?.identity?.rights;
    const reason = rights?.maySubscribe(subscription.topic) === true ? this.#quotaFault(client) : 'subscribe-denied';
    if (reason === undefined) {
      this.#granted.add(subscription);
      done(null, subscription);
      return;
    }
    tell('rejected', { stage: 'mqtt', reason, count: 1 });
    done(null, null);
  };

  readonly isGranted = (subscription: object): boolean => this.#granted.has(subscription);

  #quotaFault(client: Client): string | undefined {
    const { subscriptions } = client as unknown as { subscriptions: object };
    return Object.keys(subscriptions).length >= this.#maxPerClient ? 'too-many-subscriptions' : undefined;
  }
}
