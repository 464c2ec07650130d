import {
  isObject,
  member,
  parseJson,
  PortcullisError,
  textIn,
  textOf,
  type Envelope,
  type Json,
  type Knowledge,
  type Lesson,
} from '../../contracts/index.ts';
import type { Context } from './config.ts';
import { readExposes, type Meanings } from './exposes.ts';

const maxDevices = 1000;

/** What is known behind a friendly name: kept under `n:<friendly name>`. `d:<id>` keeps the name of an id. */
export interface Named {
  readonly id: string;
  readonly p: Meanings;
}

/** Learns from `bridge/devices` and `bridge/groups`, which always hold the whole list: who is not in it is forgotten. */
export function learn({ topic, payload }: Envelope, { config, knowledge }: Context): readonly Lesson[] {
  const kind =
    topic === `${config.base}/bridge/devices` ? 'z2m:0x' : topic === `${config.base}/bridge/groups` ? 'z2m:group:' : '';
  if (kind === '' || payload.length === 0) return [];
  const list = parseJson(textOf(payload));
  if (!Array.isArray(list)) throw new PortcullisError('DECODE_FAILED', 'The list of devices is not a list.');
  if (list.length > maxDevices) throw new PortcullisError('DECODE_FAILED', `More than ${maxDevices} devices.`);
  const next = new Map<string, Json>();
  for (const entry of list as readonly Json[]) {
    const named = kind === 'z2m:0x' ? readDevice(entry) : readGroup(entry);
    if (named === undefined) continue;
    next.set(`n:${named.name}`, { id: named.id, p: named.p });
    next.set(`d:${named.id}`, named.name);
  }
  return difference(next, knowledge, kind);
}

interface Entry {
  readonly name: string;
  readonly id: string;
  readonly p: Meanings;
}

function readDevice(entry: Json): Entry | undefined {
  if (!isObject(entry)) return undefined;
  const address = textIn(entry, 'ieee_address');
  const name = textIn(entry, 'friendly_name');
  if (address === undefined || name === undefined || !address.startsWith('0x')) return undefined;
  const definition = member(entry, 'definition');
  const exposes = isObject(definition) ? member(definition, 'exposes') : undefined;
  return { name, id: `z2m:${address}`, p: readExposes(exposes, textIn(entry, 'power_source') === 'Battery') };
}

function readGroup(entry: Json): Entry | undefined {
  if (!isObject(entry)) return undefined;
  const id = member(entry, 'id');
  const name = textIn(entry, 'friendly_name');
  return typeof id === 'number' && name !== undefined ? { name, id: `z2m:group:${id}`, p: {} } : undefined;
}

/** Only what changed is a lesson: the retained list comes again with every connection of the bridge. */
function difference(next: ReadonlyMap<string, Json>, knowledge: Knowledge, kind: string): readonly Lesson[] {
  const lessons: Lesson[] = [];
  for (const [key, known] of knowledge) {
    const id = key.startsWith('d:') ? key.slice(2) : isObject(known) ? known['id'] : undefined;
    if (typeof id === 'string' && id.startsWith(kind) && !next.has(key)) lessons.push({ key, value: undefined });
  }
  for (const [key, value] of next) {
    if (JSON.stringify(knowledge.get(key)) !== JSON.stringify(value)) lessons.push({ key, value });
  }
  return lessons;
}

/** What the bridge listed under a friendly name. */
export function namedBy(name: string, knowledge: Knowledge): Named | undefined {
  const known = knowledge.get(`n:${name}`);
  return isObject(known) ? (known as unknown as Named) : undefined;
}

/** The name under which a device listens; Zigbee2MQTT also takes the address itself. */
export function nameOf(id: string, knowledge: Knowledge): string {
  const known = knowledge.get(`d:${id}`);
  return typeof known === 'string' ? known : id.replace(/^z2m:/, '');
}

/** Which device a topic below the base is about, and which part of it. */
export interface Addressed {
  readonly device: string;
  /** Absent for groups, and for devices before the bridge listed them. */
  readonly meanings: Meanings | undefined;
  /** What follows the friendly name: `availability`, `set`, an attribute; empty for the state itself. */
  readonly rest: string;
}

const suffix = /^(.+)\/((?:set|get)(?:\/[^/]+)?|availability)$/;

/**
 * Splits what follows the base topic into friendly name and rest. Names may hold slashes, so the longest known name
 * wins; without a known one only Zigbee2MQTT's own suffixes are split off, and a bare value's last level.
 */
export function addressOf(path: string, isDocument: boolean, knowledge: Knowledge): Addressed {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const named = namedBy(path.slice(0, end), knowledge);
    if (named === undefined) continue;
    const meanings = named.id.startsWith('z2m:group:') ? undefined : named.p;
    return { device: named.id, meanings, rest: path.slice(end + 1) };
  }
  const [, before, after] = suffix.exec(path) ?? [];
  const cut = path.lastIndexOf('/');
  const name = before ?? (isDocument || cut < 0 ? path : path.slice(0, cut));
  return { device: `z2m:${name}`, meanings: undefined, rest: after ?? path.slice(name.length + 1) };
}
