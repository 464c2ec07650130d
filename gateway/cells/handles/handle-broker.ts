import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { GpioLines, SerialPorts } from '../../../contracts/handles.ts';
import type { Ingest } from '../../../contracts/pipeline.ts';
import type { Clock } from '../../lib/clock.ts';
import { rateMeter } from '../rate-meter.ts';
import type { Ask, HandleAsk } from './ask.ts';
import { gpioHandle, serialHandle } from './device-handles.ts';
import type { HandleGrants } from './grants.ts';
import { handleLimits as limits } from './handle-limits.ts';
import { httpHandle, type Resolve } from './http-handle.ts';
import { lentDesk, type Heard, type LentDesk } from './lent-desk.ts';
import { mqttHandle, type MqttPort } from './mqtt-handle.ts';
import { refusalBook } from './refusal-book.ts';
import { done, refused, type Told } from './told.ts';

/** What the gateway does on behalf of plugins. A transport that is not there makes its handle refuse everything. */
export interface HandlePorts {
  readonly ingest: Ingest;
  readonly mqtt: MqttPort;
  readonly serial?: SerialPorts | undefined;
  readonly gpio?: GpioLines | undefined;
  /** Name resolution of the machine, unless a test has its own. */
  readonly resolve?: Resolve | undefined;
}

/** The grants of one plugin with the values that only its own process may get. */
export interface PlannedHandles {
  readonly grants: HandleGrants;
  readonly secrets: ReadonlyMap<string, string>;
  readonly variables: Readonly<Record<string, string>>;
}

export interface HandleDeps {
  readonly log: Logger;
  readonly clock: Clock;
  /** Sends to the plugin's process; false when it has too much unread. */
  readonly hear: (stream: number, heard: Heard) => boolean;
}

/** The handles of one process of a plugin. Disposing revokes all of them: what runs is aborted, what is lent given back. */
export interface HandleSession extends AsyncDisposable {
  /** Never rejects: a refusal is a value, counted and logged here. */
  ask(ask: HandleAsk): Promise<Told>;
}

interface Owner {
  readonly name: string;
  readonly proto: string;
  readonly handles: PlannedHandles;
}

/** The broker of handles: every ask is held against the contract before anything is done. */
export function openHandles(owner: Owner, ports: HandlePorts, deps: HandleDeps): HandleSession {
  const { name } = owner;
  const revoked = new AbortController();
  const book = refusalBook(name, deps);
  const withinRate = rateMeter(limits.asksPerSecond, deps.clock);
  const desk = lentDesk(deps.hear);
  const perform = performer(owner, ports, { ...deps, desk, revoked: revoked.signal });
  let pending = 0;

  const admitted = async (ask: HandleAsk): Promise<Told> => {
    if (revoked.signal.aborted) return refused('PC-R210', 'the handles were revoked');
    if (pending >= limits.pendingAsks) return refused('PC-R209', 'too many asks at the same time');
    if (!withinRate(1)) return refused('PC-R209', 'too many asks per second');
    pending += 1;
    try {
      return await perform(ask);
    } catch (error) {
      return refused('PC-R211', faultOf(error));
    } finally {
      pending -= 1;
    }
  };

  return {
    async ask(ask) {
      const told = await admitted(ask);
      if (told.is === 'refused') book.add(ask.do, told);
      return told;
    },
    async [Symbol.asyncDispose]() {
      revoked.abort();
      book[Symbol.dispose]();
      await desk[Symbol.asyncDispose]();
    },
  };
}

/** The gateway's own words for its own errors; anything else could hold a value. */
function faultOf(error: unknown): string {
  return error instanceof PortcullisError ? error.code : 'it failed in the gateway';
}

type Inner = HandleDeps & { readonly desk: LentDesk; readonly revoked: AbortSignal };
type Table = { readonly [Kind in HandleAsk['do']]: (ask: Ask<Kind>) => Promise<Told> | Told };

function performer({ name, proto, handles }: Owner, ports: HandlePorts, inner: Inner) {
  const { clock, desk } = inner;
  const { grants, secrets } = handles;
  const mqtt = mqttHandle(grants, ports.mqtt, { clock, proto, desk });
  const request = httpHandle(grants.outbound, { clock, resolve: ports.resolve });
  const serial = ports.serial && serialHandle(grants.serial, ports.serial, desk);
  const gpio = ports.gpio && gpioHandle(grants, ports.gpio, desk);
  const noTransport = refused('PC-R210', 'this gateway has no such transport');
  const table: Table = {
    ingest: ingestHandle(name, ports.ingest, clock),
    publish: mqtt.publish,
    subscribe: mqtt.subscribe,
    request: (ask) => request(ask, inner.revoked),
    secret: (ask) => secretOf(ask.name, grants, secrets),
    'serial-ports': () => serial?.list() ?? noTransport,
    'serial-open': (ask) => serial?.open(ask) ?? noTransport,
    'serial-write': (ask) => serial?.write(ask) ?? noTransport,
    'gpio-open': (ask) => gpio?.open(ask) ?? noTransport,
    'gpio-read': (ask) => gpio?.read(ask) ?? noTransport,
    'gpio-write': (ask) => gpio?.write(ask) ?? noTransport,
    release: ({ stream }) => desk.release(stream),
  };
  return (ask: HandleAsk): Promise<Told> | Told => (table[ask.do] as (ask: HandleAsk) => Promise<Told> | Told)(ask);
}

function secretOf(name: string, grants: HandleGrants, secrets: ReadonlyMap<string, string>): Told {
  const value = secrets.get(name);
  if (value !== undefined) return done({ value });
  return grants.secrets.includes(name)
    ? refused('PC-R210', 'the site has not set this secret')
    : refused('PC-R207', 'the contract names no such secret');
}

/** What a plugin fetched goes the way of every message: through its own decode, into the same commit, with an outcome. */
function ingestHandle(name: string, ingest: Ingest, clock: Clock): (ask: Ask<'ingest'>) => Promise<Told> {
  let pending = 0;
  return async ({ topic, payload }) => {
    if (payload.length > limits.answerBytes) return refused('PC-R209', 'the message is too long');
    if (pending >= limits.pendingIngests) return refused('PC-R209', 'too many messages before their commit');
    pending += 1;
    try {
      const own = { transport: 'plugin', client: name, plugin: name, retain: false } as const;
      return done(await ingest({ ...own, topic: `plugin/${name}/${topic}`, payload, receivedAt: clock.wallMs() }));
    } finally {
      pending -= 1;
    }
  };
}
