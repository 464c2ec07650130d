import {
  isObject,
  member,
  parseObject,
  PortcullisError,
  textIn,
  textOf,
  type Envelope,
  type Json,
  type JsonObject,
  type Knowledge,
  type Lesson,
} from '../../contracts/index.ts';
import { actuatorOf, type Actuator } from './actuator.ts';
import { channelsOf, type Channel, type Entity } from './channel.ts';
import type { Config, Context } from './config.ts';
import { expand } from './expand.ts';

const maxEntities = 2000;
const maxChannels = 128;

/** One entity per message, or with `homeassistant/device/<id>/config` all entities of a device. */
export function entitiesOf(topic: string, payload: Uint8Array, prefix: string): readonly Entity[] {
  const parts = topicParts(topic, prefix);
  if (parts === undefined || payload.length === 0) return [];
  const { owner, component, object } = parts;
  const config = expand(parseObject(textOf(payload)));
  const device = deviceOf(config, object);
  if (component !== 'device') return [{ owner, component, device, object: objectOf(config, object), config }];
  const components = member(config, 'components');
  const { components: _, ...shared } = config;
  if (!isObject(components)) return [];
  return Object.entries(components).flatMap(([name, part]) => {
    const platform = isObject(part) ? textIn(part, 'platform') : undefined;
    if (!isObject(part) || platform === undefined) return [];
    const whole = Object.fromEntries([...Object.entries(shared), ...Object.entries(part)]);
    return [{ owner, component: platform, device, object: objectOf(part, name), config: whole }];
  });
}

/** `<prefix>/<component>/[<node>/]<object>/config` */
function topicParts(topic: string, prefix: string): { owner: string; component: string; object: string } | undefined {
  if (!topic.startsWith(`${prefix}/`) || !topic.endsWith('/config')) return undefined;
  const owner = topic.slice(prefix.length + 1, -'/config'.length);
  const [component = '', ...rest] = owner.split('/');
  const object = rest.at(-1);
  return object === undefined || rest.length > 2 ? undefined : { owner, component, object };
}

function objectOf(config: JsonObject, object: string): string {
  return (textIn(config, 'object_id') ?? object).slice(0, 64);
}

/** A device is known by its identifiers, else by its connections, else by the entity itself. */
function deviceOf(config: JsonObject, object: string): string {
  const device = member(config, 'device');
  const found = isObject(device) ? (firstText(member(device, 'identifiers')) ?? connectionOf(device)) : undefined;
  return `ha:${(found ?? textIn(config, 'unique_id') ?? object).slice(0, 128)}`;
}

function firstText(json: Json | undefined): string | undefined {
  const first: Json | undefined = Array.isArray(json) ? (json as readonly Json[])[0] : json;
  return typeof first === 'string' && first !== '' ? first : undefined;
}

function connectionOf(device: JsonObject): string | undefined {
  const connections = member(device, 'connections');
  const first: Json | undefined = Array.isArray(connections) ? (connections as readonly Json[])[0] : undefined;
  return Array.isArray(first) ? firstText((first as readonly Json[])[1]) : undefined;
}

/** What a discovery message left behind, so that it can be taken back: kept under `c:<owner>`. */
interface Trace {
  readonly topics: readonly string[];
  readonly devices: readonly string[];
}

/** Where knowledge has the discovery topics that name a device. */
const namesKey = (device: string): string => `d:${device}`;

/** As many as there is room for: one of them is enough to know whose the device is. */
function named(names: readonly Json[], owner: string): readonly Json[] {
  return names.length < maxChannels ? [...names, { o: owner }] : names;
}

/**
 * Learns what arrives where (`t:<topic>`), what can be told to a device (`e:<device>`) and who names it (`d:<device>`). A message replaces what the
 * same topic said before; an empty one is a deletion. Topics of sources that have a codec of their own are left to it.
 */
export function learn({ topic, payload }: Envelope, { config, knowledge }: Context): readonly Lesson[] {
  const owner = topicParts(topic, config.prefix)?.owner;
  if (owner === undefined) return [];
  const changed = new Map<string, readonly Json[]>();
  const listAt = (key: string): readonly Json[] => changed.get(key) ?? listOf(knowledge, key);
  const add = (key: string, item: unknown): void => {
    const list = listAt(key);
    if (list.length >= maxChannels)
      throw new PortcullisError('DECODE_FAILED', `More than ${maxChannels} entities on one topic.`);
    changed.set(key, [...list, item as Json]);
  };
  const before = traceOf(owner, knowledge);
  const left = [
    ...before.topics.map((at) => `t:${at}`),
    ...before.devices.flatMap((id) => [namesKey(id), actuatorsKey(id)]),
  ];
  for (const key of left) {
    changed.set(
      key,
      listAt(key).filter((item) => isObject(item) && item['o'] !== owner),
    );
  }
  const topics = new Set<string>();
  const devices = new Set<string>();
  for (const entity of entitiesOf(topic, payload, config.prefix)) {
    const listening = channelsOf(entity).filter(([at]) => mayListen(at, config));
    for (const [at, channel] of listening) {
      topics.add(at);
      add(`t:${at}`, channel);
    }
    const actuator = actuatorOf(entity);
    if (actuator !== undefined) add(actuatorsKey(entity.device), actuator);
    const names = listAt(namesKey(entity.device));
    const isKept = listening.length > 0 || actuator !== undefined;
    // Also one that is not kept must not speak for a device of somebody else.
    changed.set(namesKey(entity.device), isKept && !devices.has(entity.device) ? named(names, owner) : names);
    if (isKept) devices.add(entity.device);
  }
  if (topics.size > 0 && before.topics.length === 0) refuseWhenFull(knowledge);
  const trace = topics.size + devices.size > 0 ? { topics: [...topics], devices: [...devices] } : undefined;
  return toLessons(changed, owner, trace);
}

function mayListen(topic: string, { prefix, spare }: Config): boolean {
  if (topic.length > 200 || /[+#\0]/.test(topic) || topic.startsWith('$')) return false;
  return !topic.startsWith(`${prefix}/`) && !spare.some((start) => topic.startsWith(start));
}

function refuseWhenFull(knowledge: Knowledge): void {
  if (knowledge.size >= maxEntities * 4)
    throw new PortcullisError('DECODE_FAILED', `Already knows ${maxEntities} entities.`);
}

function toLessons(
  changed: ReadonlyMap<string, readonly Json[]>,
  owner: string,
  trace: Trace | undefined,
): readonly Lesson[] {
  const next = new Map<string, Json | undefined>();
  for (const [key, list] of changed) next.set(key, list.length > 0 ? list : undefined);
  next.set(`c:${owner}`, trace as unknown as Json | undefined);
  const claimed = new Map(trace?.topics.map((topic) => [`t:${topic}`, topic]));
  return [...next].map(([key, value]) => {
    const topic = claimed.get(key);
    return topic === undefined ? { key, value } : { key, value, topic };
  });
}

function listOf(knowledge: Knowledge, key: string): readonly Json[] {
  const known = knowledge.get(key);
  return Array.isArray(known) ? (known as readonly Json[]) : [];
}

function traceOf(owner: string, knowledge: Knowledge): Trace {
  const known = knowledge.get(`c:${owner}`);
  return isObject(known) ? (known as unknown as Trace) : { topics: [], devices: [] };
}

/** What arrives on a topic. */
export function channelsAt(topic: string, knowledge: Knowledge): readonly Channel[] {
  return listOf(knowledge, `t:${topic}`) as unknown as readonly Channel[];
}

/** Where knowledge has what can be told to a device. */
export function actuatorsKey(device: string): string {
  return `e:${device}`;
}

/** What can be told to a device. */
export function actuatorsOf(device: string, knowledge: Knowledge): readonly Actuator[] {
  return listOf(knowledge, actuatorsKey(device)) as unknown as readonly Actuator[];
}

/** Every state and availability topic that discovery named. */
export function claims(knowledge: Knowledge): readonly string[] {
  return [...knowledge.keys()].filter((key) => key.startsWith('t:')).map((key) => key.slice(2));
}
