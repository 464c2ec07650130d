import { Aedes } from 'aedes';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Ingest } from '../../../contracts/pipeline.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import { AedesPersistence } from './aedes-persistence.ts';
import { ClientRegistry } from './client-registry.ts';
import { ConnectionLimits } from './connection-limits.ts';
import type { Admitted } from './connection-limits.ts';
import { Connection } from './connection.ts';
import { Credentials } from './credentials.ts';
import { decoupleDelivery } from './decouple-delivery.ts';
import { deviceWindow, type DeviceWindow } from './device-window.ts';
import { openForwardGate } from './forward-gate.ts';
import { IngestGate } from './ingest-gate.ts';
import { Intake } from './intake.ts';
import { openListeners } from './listeners.ts';
import type { Listeners, Ports } from './listeners.ts';
import { loginDesk, type LoginDesk } from './login-desk.ts';
import { LoginGate } from './login-gate.ts';
import { defaultLimits } from './options.ts';
import type { MqttLimits, MqttOptions } from './options.ts';
import { hearAll, publishOwn, type OwnMessage } from './own-messages.ts';
import { openPublishLane } from './publish-lane.ts';
import type { PublishLane } from './publish-lane.ts';
import { openProfile, shippedProfiles } from './profiles.ts';
import { SessionStore } from './session-store.ts';
import { SubscribeGate } from './subscribe-gate.ts';
import { TopicRights } from './topic-rights.ts';
import { windowDesk, type WindowDesk } from './window-desk.ts';

/** What the transport needs from the rest of the gateway. `store` and `ingest` commit to the same database. */
export interface MqttDeps {
  readonly ingest: Ingest;
  readonly store: TableStore;
  readonly log: Logger;
  readonly clock: Clock;
  /** Called at the start and after each change with who has a login. */
  readonly onUsers?: (isUser: (user: string) => boolean) => void;
}

export interface MqttStats {
  readonly connections: number;
  /** Messages that are not committed yet; those with QoS > 0 wait for their acknowledgement. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** Messages whose acknowledgement is held because there is no room for them, and those behind them. */
  readonly held: number;
  readonly retained: number;
  /** Messages that wait for persistent sessions. */
  readonly queued: number;
}

const sweepMs = 600_000;
/** Users in one line of the log. */
const mostNamed = 20;

/** The wills of an earlier run are published four heartbeats after the start, unless their clients came back. */
const heartbeatMs = 15_000;

/** Opens the broker; needs at least one of `tcp`, `tls` and `ws`. Rejects with PORT_TAKEN. */
export async function listenMqtt(options: MqttOptions, deps: MqttDeps): Promise<MqttTransport> {
  const limits: MqttLimits = { ...defaultLimits, ...options.limits };
  const profiles = new Map([...shippedProfiles, ...(options.profiles ?? [])].map((one) => [one.name, one]));
  const sessions = await SessionStore.open(deps.store, limits, deps.clock);
  const credentials = await Credentials.open(deps.store, profiles);
  if (deps.onUsers !== undefined) credentials.follow(deps.onUsers);
  const lost = credentials.withoutProfile;
  if (lost.length > 0) {
    deps.log.warn(
      { users: lost.slice(0, mostNamed), count: lost.length },
      'the profile of these users is gone: they may not connect',
    );
  }
  const window = deviceWindow(deps.clock, profiles.values());
  const transport = new MqttTransport(options, limits, deps, { sessions, credentials, window });
  await transport.start(options);
  return transport;
}

/** The running broker. Disposing it stops accepting, waits for pending acknowledgements, and closes; it is idempotent. */
export class MqttTransport implements AsyncDisposable {
  readonly #limits: MqttLimits;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #sessions: SessionStore;
  readonly #credentials: Credentials;
  readonly #isOpen: boolean;
  readonly logins: LoginDesk;
  /** Where a person lets new devices in. */
  readonly deviceWindow: WindowDesk;
  readonly #intake: Intake;
  readonly #connectionLimits: ConnectionLimits;
  readonly #gate: IngestGate;
  readonly #login: LoginGate;
  readonly #broker: Aedes;
  readonly #lane: PublishLane;
  readonly #clients = new ClientRegistry();
  readonly #openRights = new TopicRights(openProfile, '', new Set());
  readonly #timers: NodeJS.Timeout[] = [];
  #listeners: Listeners | undefined;
  #closed: Promise<void> | undefined;

  /** For `listenMqtt` only. */
  constructor(
    options: MqttOptions,
    limits: MqttLimits,
    { ingest, clock, log }: MqttDeps,
    { sessions, credentials, window }: { sessions: SessionStore; credentials: Credentials; window: DeviceWindow },
  ) {
    this.#limits = limits;
    this.#log = log;
    this.#clock = clock;
    this.#sessions = sessions;
    this.#credentials = credentials;
    this.#isOpen = options.anonymous === true;
    this.logins = loginDesk(credentials, this.#clients, sessions);
    this.deviceWindow = windowDesk(window, credentials, log);
    this.#intake = new Intake(limits.maxPendingBytes);
    this.#connectionLimits = new ConnectionLimits(limits, clock, options.isClosed);
    const { connectionOf } = this.#clients;
    const openRights = options.anonymous === true ? this.#openRights : undefined;
    const rightsOf = (clientId: string): TopicRights | undefined => credentials.rightsOf(clientId) ?? openRights;
    this.#gate = new IngestGate({
      ingest,
      sessions,
      intake: this.#intake,
      clock,
      connectionOf,
      rightsOf,
      actuationFilters: options.actuationFilters ?? [],
      holdMs: limits.holdMs,
      maxHeldBytes: limits.maxHeldBytes,
      maxIncomingPerClient: limits.maxIncomingPerClient,
      acknowledge: options.acknowledge ?? 'after-commit',
      keepAlive: (client) => this.#clients.heard(client),
      keepAllAlive: () => this.#clients.refreshKeepalives(),
    });
    this.#login = new LoginGate({ credentials, clock, openRights, connectionOf, window });
    const subscribing = new SubscribeGate({
      connectionOf,
      storedOf: (clientId) => sessions.subscriptions.of(clientId),
      maxPerClient: limits.maxSubscriptionsPerClient,
    });
    this.#broker = new Aedes({
      persistence: new AedesPersistence({
        sessions,
        granting: subscribing.granting,
        subscriber: subscribing.subscriber,
        mayPublish: (clientId, topic) => rightsOf(clientId)?.mayPublish(topic) ?? false,
        log,
      }),
      concurrency: 0,
      heartbeatInterval: heartbeatMs,
      connectTimeout: limits.connectTimeoutMs,
      maxTopicLevels: limits.maxTopicLevels,
      maxInflightInbound: 0,
      preConnect: this.#login.preConnect,
      authenticate: this.#login.authenticate,
      authorizePublish: this.#gate.authorizePublish,
      authorizeSubscribe: subscribing.authorizeSubscribe,
      authorizeForward: openForwardGate(connectionOf, limits.maxUnsentBytes),
    });
    this.#broker.on('subscribe', subscribing.subscribed);
    const listening = decoupleDelivery(this.#broker);
    this.#lane = openPublishLane({ broker: this.#broker, gate: this.#gate, listening });
  }

  /** For `listenMqtt` only. */
  async start(options: MqttOptions): Promise<void> {
    this.#clients.watch(this.#broker, {
      log: this.#log,
      clock: this.#clock,
      stands: this.#login.stands,
      touch: ({ id, clean }) => this.#sessions.touch(id, !clean),
    });
    await this.#broker.listen();
    try {
      this.#listeners = await openListeners(
        options,
        this.#limits,
        (address, destroy) => this.#connectionLimits.admit(address, destroy),
        (stream, address, admitted) => this.#accept(stream, address, admitted),
      );
    } catch (error) {
      await this.#closeBroker();
      throw error;
    }
    this.#timers.push(setInterval(() => this.#connectionLimits.sweep(), 1000));
    this.#timers.push(setInterval(() => void this.#sweep(), sweepMs));
    for (const timer of this.#timers) timer.unref();
  }

  get ports(): Ports {
    return this.#listeners?.ports ?? { tcp: undefined, tls: undefined, ws: undefined };
  }

  stats(): MqttStats {
    return {
      connections: this.#connectionLimits.connections,
      pending: this.#intake.messages,
      pendingBytes: this.#intake.bytes,
      held: this.#gate.held,
      retained: this.#sessions.retained.size,
      queued: this.#sessions.queues.size,
    };
  }

  /**
   * Sends a message of the gateway, never retained, to the clients that are connected now, and says how many that are.
   * It never waits for an absent device: a late command is a wrong command.
   */
  async publish(message: OwnMessage): Promise<number> {
    await publishOwn(this.#broker, message);
    return this.#clients.countSubscribers(message.topic);
  }

  /** Copies of all messages that pass the broker from now on and match the filter. The listener must return at once. */
  subscribe(filter: string, listener: (topic: string, payload: Uint8Array) => void): Promise<AsyncDisposable> {
    return hearAll(this.#broker, filter, listener);
  }

  /**
   * Whether a command may go to a topic that a message taught. Empty is the login where that message had none: then it
   * goes wherever clients without a login may publish themselves, else only where devices of the plugin listen.
   */
  mayBeToldBy(taughtBy: string, plugin: string, topic: string): boolean {
    if (taughtBy !== '') return this.#credentials.mayReceive(taughtBy, topic);
    return this.#isOpen || this.#credentials.isTopicOf(plugin, topic);
  }

  /** How many clients a message of this topic would go to now. */
  reaches(topic: string): number {
    return this.#clients.countSubscribers(topic);
  }

  /** Closes the connection of a client; says whether there was one. */
  disconnect(clientId: string): boolean {
    return this.#clients.disconnect(clientId);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #accept(stream: Duplex, address: string, admitted: Admitted): void {
    const connection = new Connection(stream, address, this.#intake, this.#limits);
    connection.guard({
      connect: admitted.identified,
      publish: (client, from, publish) => {
        this.#clients.heard(client);
        this.#lane(client, from, publish);
      },
    });
    this.#clients.add(this.#broker.handle(stream), connection);
  }

  async #sweep(): Promise<void> {
    try {
      await this.#sessions.sweep(this.#clients.isConnected);
    } catch (err) {
      this.#log.warn({ err }, 'expired MQTT sessions could not be removed');
    }
  }

  async #close(): Promise<void> {
    this.deviceWindow.close();
    this.#listeners?.stopAccepting();
    this.#intake.stop();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#intake.idle(this.#limits.closeTimeoutMs);
    this.#gate.close();
    this.#sessions.wills.freeze();
    await this.#clients.flush();
    await this.#closeBroker();
    await this.#listeners?.[Symbol.asyncDispose]();
    await this.#sessions.flush();
  }

  async #closeBroker(): Promise<void> {
    this.#sessions.wills.freeze();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#broker.close(resolve);
    await promise;
  }
}
