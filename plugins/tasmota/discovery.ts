import {
  isObject,
  member,
  parseObject,
  PortcullisError,
  textIn,
  textOf,
  type CodecContext,
  type Envelope,
  type Json,
  type JsonObject,
  type Knowledge,
  type Lesson,
} from '../../contracts/index.ts';
import type { OnOff } from './words.ts';

const maxDevices = 1000;
const discoveryTopic = /^tasmota\/discovery\/([0-9A-Fa-f]{12})\/(config$)?/;

/** What every Tasmota publishes below its topics for answers and for telemetry. */
const usualLeaves = ['RESULT', 'STATE'];

/** What discovery said about the device that publishes below a topic: kept under `t:<tele or stat topic>`. */
export interface Source extends OnOff {
  readonly mac: string;
  readonly online: string;
  readonly offline: string;
}

/** How to reach a device: kept under `d:<MAC>`. `bases` are its topics in the order command, stat, tele. */
export interface Target extends OnOff {
  readonly bases: readonly string[];
}

/**
 * Learns from `tasmota/discovery/<MAC>/config`; an empty payload is a deletion and forgets the device. What else is below
 * the address must come from who taught it.
 */
export function learn({ topic, payload }: Envelope, { knowledge }: CodecContext): readonly Lesson[] {
  const [, found, isConfig] = discoveryTopic.exec(topic) ?? [];
  if (found === undefined) return [];
  const mac = found.toUpperCase();
  if (isConfig === undefined) return asKnown(targetKey(mac), knowledge);
  const forgotten = forget(mac, knowledge);
  if (payload.length === 0) return forgotten;
  if (forgotten.length === 0 && knowledge.size >= maxDevices * 3) {
    throw new PortcullisError('DECODE_FAILED', `Already knows ${maxDevices} Tasmota devices.`);
  }
  const config = parseObject(textOf(payload));
  const [off = 'OFF', on = 'ON'] = texts(member(config, 'state'));
  const bases = basesOf(config);
  const source: Json = {
    mac,
    online: textIn(config, 'onln') ?? 'Online',
    offline: textIn(config, 'ofln') ?? 'Offline',
    off,
    on,
  };
  return [
    ...forgotten,
    { key: targetKey(mac), value: { bases, off, on } },
    ...bases.slice(1).map((base, at) => ({ key: `t:${base}`, value: source, topic: `${base}/${usualLeaves[at]}` })),
  ];
}

function forget(mac: string, knowledge: Knowledge): readonly Lesson[] {
  const known = targetOf(mac, knowledge);
  if (known === undefined) return [];
  return [targetKey(mac), ...known.bases.slice(1).map((base) => `t:${base}`)].map((key) => ({ key, value: undefined }));
}

/** `ft` is the full topic, by default `%prefix%/%topic%/`; `tp` the three prefixes; `t` the topic. */
export function basesOf(config: JsonObject): readonly string[] {
  const full = textIn(config, 'ft') ?? '%prefix%/%topic%/';
  const topic = textIn(config, 't') ?? '';
  const prefixes = texts(member(config, 'tp'));
  if (topic === '' || !full.includes('%topic%')) {
    throw new PortcullisError('DECODE_FAILED', 'The discovery message names no topic of its own.');
  }
  const hostname = textIn(config, 'hn') ?? '';
  return ['cmnd', 'stat', 'tele'].map((usual, at) => {
    const filled = full
      .replaceAll('%prefix%', () => prefixes[at] ?? usual)
      .replaceAll('%topic%', () => topic)
      .replaceAll('%hostname%', () => hostname);
    return filled.replace(/\/+$/, '').slice(0, 200);
  });
}

/** The lesson that changes nothing: only who taught it before may teach it. */
function asKnown(key: string, knowledge: Knowledge): readonly Lesson[] {
  const value = knowledge.get(key);
  return value === undefined ? [] : [{ key, value }];
}

/** Where knowledge has how to reach a device. */
export function targetKey(mac: string): string {
  return `d:${mac}`;
}

function texts(json: Json | undefined): readonly string[] {
  return Array.isArray(json) ? json.filter((item) => typeof item === 'string') : [];
}

/** What discovery said about the device that publishes below a topic. */
export function sourceOf(base: string, knowledge: Knowledge): Source | undefined {
  const known = knowledge.get(`t:${base}`);
  return isObject(known) ? (known as unknown as Source) : undefined;
}

/** How to reach the device with this MAC address, once discovery told. */
export function targetOf(mac: string, knowledge: Knowledge): Target | undefined {
  const known = knowledge.get(targetKey(mac));
  return isObject(known) ? (known as unknown as Target) : undefined;
}

const leaves = ['LWT', 'STATE', 'SENSOR', 'RESULT', 'INFO1', 'INFO2', 'INFO3', 'STATUS8', 'STATUS10', 'STATUS11'];
const relays = ['POWER', ...Array.from({ length: 8 }, (_, at) => `POWER${at + 1}`)];

/** Topics of devices whose full topic differs from the usual one. */
export function claims(knowledge: Knowledge): readonly string[] {
  return [...knowledge.keys()]
    .filter((key) => key.startsWith('t:') && !/^t:(?:tele|stat)\//.test(key))
    .flatMap((key) => [...leaves, ...relays].map((leaf) => `${key.slice(2)}/${leaf}`));
}
