import type { Aedes, Client } from 'aedes';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { matchesFilter } from '../../lib/topic-filter.ts';
import { tell } from '../../observability/channels.ts';
import type { Connection, Identity } from './connection.ts';
import { openRefusalLog } from './refusal-log.ts';

/** How long a stop waits for a client to take its last acknowledgements. */
const flushMs = 250;

/** Parts of Aedes' client that its types leave out. */
interface ClientParts {
  readonly subscriptions: Readonly<Record<string, object>>;
  readonly _keepaliveTimer: NodeJS.Timeout | null;
}

interface WatchParts {
  readonly log: Logger;
  readonly clock: Clock;
  /** Whether a login still stands. */
  readonly stands: (identity: Identity) => boolean;
  /** Called when a client comes and when it goes. */
  readonly touch: (client: Client) => void;
}

/** The clients that are logged in, and the guarded connection of every client. */
export class ClientRegistry {
  readonly #connections = new WeakMap<Client, Connection>();
  readonly #clients = new Map<string, Client>();

  readonly connectionOf = (client: Client): Connection | undefined => this.#connections.get(client);

  readonly isConnected = (clientId: string): boolean => this.#clients.has(clientId);

  add(client: Client, connection: Connection): void {
    connection.client = client;
    this.#connections.set(client, connection);
  }

  /** The client's keep alive begins anew (section 3.1.2.10), for packets that the broker does not see. */
  heard(client: Client): void {
    partsOf(client)._keepaliveTimer?.refresh();
  }

  /** Follows the broker's events. */
  watch(broker: Aedes, { log, clock, stands, touch }: WatchParts): void {
    const refused = openRefusalLog(log, () => clock.monoMs());
    broker.on('connackSent', (packet, client) => {
      if (packet.returnCode === 0) this.#connections.get(client)?.open();
    });
    broker.on('client', (client) => {
      this.#clients.set(client.id, client);
      const identity = this.#connections.get(client)?.identity;
      // Between the check of the password and this event lie commits, and whoever cuts off finds only those behind it.
      if (identity === undefined || !stands(identity)) return endLogin(client);
      touch(client);
    });
    broker.on('clientDisconnect', (client) => {
      if (this.#clients.get(client.id) === client) this.#clients.delete(client.id);
      touch(client);
    });
    broker.on('clientError', (client, err) => {
      log.debug({ err, client: client.id }, 'closed an MQTT connection');
      refused({ client: client.id ?? '', address: this.connectionOf(client)?.address ?? '', error: err });
      tell('rejected', { stage: 'mqtt', reason: 'client-error', count: 1 });
    });
    broker.on('connectionError', (_client, err) => {
      log.debug({ err }, 'closed an MQTT connection before its login');
      tell('rejected', { stage: 'mqtt', reason: 'connection-error', count: 1 });
    });
    const emitter = broker as unknown as { on(event: 'error', listener: (err: Error) => void): void };
    emitter.on('error', (err) => log.error({ err }, 'the MQTT broker failed an internal step'));
  }

  /** Closes the connection of a client; says whether there was one. */
  disconnect(clientId: string): boolean {
    const client = this.#clients.get(clientId);
    client?.conn.destroy();
    return client !== undefined;
  }

  /** Closes every connection whose login is meant. */
  cutOff(isMeant: (identity: Identity) => boolean): void {
    for (const client of this.#clients.values()) {
      const identity = this.#connections.get(client)?.identity;
      if (identity !== undefined && isMeant(identity)) client.conn.destroy();
    }
  }

  /** How many clients a message of this topic goes to. */
  countSubscribers(topic: string): number {
    let count = 0;
    for (const client of this.#clients.values()) {
      if (Object.keys(partsOf(client).subscriptions).some((filter) => matchesFilter(filter, topic))) count++;
    }
    return count;
  }

  /** Reading stops while acknowledgements are held, so pings are not seen; a waiting device is not a dead one. */
  refreshKeepalives(): void {
    for (const client of this.#clients.values()) this.heard(client);
  }

  /** Waits until the last acknowledgements are with the kernel, or for a moment: a stopped reader never takes them. */
  async flush(): Promise<void> {
    for (const client of this.#clients.values()) this.#connections.get(client)?.flush();
    await Promise.all([...this.#clients.values()].map((client) => flushed(client.conn)));
  }
}

function endLogin(client: Client): void {
  tell('rejected', { stage: 'mqtt', reason: 'login-ended', count: 1 });
  client.conn.destroy();
}

function partsOf(client: Client): ClientParts {
  return client as unknown as ClientParts;
}

async function flushed(stream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, flushMs);
  stream.end(resolve);
  await promise;
  clearTimeout(timer);
}
