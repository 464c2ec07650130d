import {
  eachLeaf,
  gather,
  isObject,
  member,
  parseObject,
  PortcullisError,
  textIn,
  textOf,
  timeOf,
  type Gathering,
  type Json,
  type Reading,
} from '../../contracts/index.ts';
import { components, housekeeping, phaseFields } from './gen2-words.ts';
import { putMeaning, type Meaning } from './meaning.ts';

const place = /\.\d+(?=\.|$)/g;
const phase = /^(a|b|c|n)_(.+)$/;

/**
 * `<prefix>/events/rpc`: NotifyStatus carries only the fields that changed, NotifyFullStatus all of them, NotifyEvent
 * what happened. `ts` is in seconds with a fraction. The frame's `src`, `dst` and `method` are its address.
 */
export function readNotification(payload: Uint8Array, id: string): readonly Reading[] {
  const frame = parseObject(textOf(payload));
  const src = textIn(frame, 'src');
  if (src !== undefined && src !== id) {
    throw new PortcullisError('DECODE_FAILED', `A notification of ${id} names the device ${src.slice(0, 64)}.`);
  }
  const device = `shelly:${id}`;
  const params = member(frame, 'params');
  if (!isObject(params)) return [];
  const events = member(params, 'events');
  if (Array.isArray(events)) return events.flatMap((event: Json) => readEvent(event, device));
  const at = timeOf(member(params, 'ts'));
  const state = gather('shelly');
  const health = gather('shelly');
  for (const [name, body] of Object.entries(params)) {
    if (name === 'ts' && at !== undefined) continue;
    readComponent(housekeeping.has(typeOf(name)) ? health : state, name, body);
  }
  return [...state.readings(device, undefined, at), ...health.readings(device, 'health', at)];
}

/** `<prefix>/status/<component>:<id>`: the whole component, without time. */
export function readStatus(payload: Uint8Array, device: string, component: string): readonly Reading[] {
  const gathering = gather('shelly');
  readComponent(gathering, component, parseObject(textOf(payload)));
  return gathering.readings(device, housekeeping.has(typeOf(component)) ? 'health' : undefined);
}

/** `<our name>/rpc`: what a device answered to a command. Requests on such a topic are not for us. */
export function readReply(payload: Uint8Array): readonly Reading[] {
  const frame = parseObject(textOf(payload));
  const src = textIn(frame, 'src');
  if (src === undefined || member(frame, 'method') !== undefined) return [];
  const gathering = gather('shelly');
  for (const [key, value] of Object.entries(frame)) {
    if (key === 'id') gathering.metas(value, 'rpc.id');
    else if (key !== 'src' && key !== 'dst') gathering.others(value, `rpc.${key}`);
  }
  return gathering.readings(`shelly:${src}`, 'event');
}

function typeOf(component: string): string {
  const colon = component.indexOf(':');
  return colon < 0 ? component : component.slice(0, colon);
}

/** Ids from 200 on are Bluetooth devices behind this one: their numbers count per kind. */
function endpointOf(component: string): string | undefined {
  const colon = component.indexOf(':');
  if (colon < 0) return undefined;
  const id = component.slice(colon + 1);
  return Number(id) >= 200 ? component.slice(0, 64) : id.slice(0, 64);
}

/** Whether an `id` only repeats the number in the component's name. */
function isId(value: Json, component: string): boolean {
  return typeof value === 'number' && component.endsWith(`:${value}`);
}

function readComponent(gathering: Gathering, name: string, body: Json): void {
  if (!isObject(body)) {
    gathering.others(body, name);
    return;
  }
  const type = typeOf(name);
  const ep = endpointOf(name);
  const fields = components.get(type);
  for (const [key, value] of Object.entries(body)) {
    if (key === 'id' && isId(value, name)) continue;
    if (type === 'em' || type === 'emdata') readPhase(gathering, { name, key, ep }, value);
    else readField(gathering, { name, key, ep }, value, fields);
  }
}

interface Field {
  readonly name: string;
  readonly key: string;
  readonly ep: string | undefined;
}

/** The second half of a path decides the meaning, with the places of lists left out. */
function readField(
  gathering: Gathering,
  { name, key, ep }: Field,
  value: Json,
  fields: ReadonlyMap<string, Meaning> | undefined,
): void {
  eachLeaf(
    value,
    (path, leaf) => putMeaning(gathering, fields?.get(path.replace(place, '.#')), `${name}.${path}`, leaf, ep),
    key,
  );
}

/** The phase is the endpoint; the sums of the whole meter have none. A second meter in one device puts its id in front. */
function readPhase(gathering: Gathering, { name, key, ep }: Field, value: Json): void {
  const split = phase.exec(key);
  const own = split?.[1] ?? undefined;
  const field = split?.[2] ?? (phaseFields.has(key) ? key : key.replace(/^total_/, ''));
  const meter = ep === '0' ? undefined : ep;
  const place = meter === undefined ? own : own === undefined ? meter : `${meter}.${own}`;
  eachLeaf(value, (path, leaf) => putMeaning(gathering, phaseFields.get(field), path, leaf, place), `${name}.${key}`);
}

/** One reading per event, at its own time. */
function readEvent(event: Json, device: string): readonly Reading[] {
  if (!isObject(event)) return [];
  const gathering = gather('shelly');
  const component = member(event, 'component');
  const at = timeOf(member(event, 'ts'));
  const name = typeof component === 'string' ? component : 'event';
  const ep = endpointOf(name) ?? name.slice(0, 64);
  for (const [key, value] of Object.entries(event)) {
    if (key === 'ts' && at !== undefined) continue;
    if (key === 'component' && typeof value === 'string') gathering.meta(key, value);
    else if (key === 'id' && isId(value, name)) continue;
    else if (key === 'event' && typeof value === 'string') gathering.word('action', key, value, { ep });
    else gathering.others(value, key, { ep });
  }
  return gathering.readings(device, 'event', at);
}
