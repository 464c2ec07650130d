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

const maxPrefixes = 1000;
const maxComponents = 32;
const maxId = 64;
const rpcSuffix = '/events/rpc';

/** What is known of a topic prefix that is not the device's own id: kept under `p:<prefix>`. */
interface Prefix {
  readonly src: string;
  readonly components: readonly string[];
}

/**
 * The prefix of a Gen2 device is configurable and may hold slashes; its notifications name the device. `s:<src>` keeps
 * the prefix for commands, `g1:<id>` that a device is of the first generation.
 */
export function learn({ topic, payload }: Envelope, { knowledge }: CodecContext): readonly Lesson[] {
  if (payload.length === 0) return [];
  if (topic === 'shellies/announce') return learnGen1(parseObject(textOf(payload)), knowledge);
  if (!topic.endsWith(rpcSuffix)) return [];
  const prefix = topic.slice(0, -rpcSuffix.length);
  const frame = parseObject(textOf(payload));
  const src = textIn(frame, 'src', maxId);
  if (src === undefined || src === prefix) return [];
  const known = prefixOf(prefix, knowledge);
  const components = mergeComponents(known?.components ?? [], member(frame, 'params'));
  if (known?.src === src && components === known.components) return [];
  refuseWhenFull(known, knowledge);
  const value: Json = { src, components };
  return [
    { key: `p:${prefix}`, value },
    { key: `s:${src}`, value: prefix },
  ];
}

function learnGen1(json: JsonObject, knowledge: Knowledge): readonly Lesson[] {
  const id = textIn(json, 'id', maxId);
  if (id === undefined || knowledge.has(`g1:${id}`)) return [];
  refuseWhenFull(undefined, knowledge);
  return [{ key: `g1:${id}`, value: true }];
}

function refuseWhenFull(known: unknown, knowledge: Knowledge): void {
  if (known === undefined && knowledge.size >= maxPrefixes * 2) {
    throw new PortcullisError('DECODE_FAILED', `Already knows ${maxPrefixes} Shelly devices.`);
  }
}

function mergeComponents(known: readonly string[], params: Json | undefined): readonly string[] {
  if (!isObject(params)) return known;
  const fresh = Object.keys(params).filter((key) => key.length <= 64 && key.includes(':') && !known.includes(key));
  return fresh.length === 0 ? known : [...known, ...fresh].slice(0, maxComponents);
}

function prefixOf(prefix: string, knowledge: Knowledge): Prefix | undefined {
  const known = knowledge.get(`p:${prefix}`);
  return isObject(known) ? (known as unknown as Prefix) : undefined;
}

/** The device that publishes below a prefix; one of the first generation always has the same in front of its id. */
export function deviceBehind(prefix: string, knowledge: Knowledge): string {
  return prefixOf(prefix, knowledge)?.src ?? prefix.replace(/^shellies\//, '');
}

/** Where a device listens. */
export function prefixFor(device: string, knowledge: Knowledge): string {
  const known = knowledge.get(`s:${device}`);
  return typeof known === 'string' ? known : device;
}

/** First generation ids end in upper-case hex digits, later ones in lower-case. */
export function isGen1(device: string, knowledge: Knowledge): boolean {
  if (knowledge.has(`g1:${device}`)) return true;
  return !knowledge.has(`s:${device}`) && /-(?:[0-9A-F]{6}|[0-9A-F]{12})$/.test(device);
}

/** Topics of prefixes with slashes, which no filter with a fixed number of levels finds. */
export function claims(knowledge: Knowledge): readonly string[] {
  const topics: string[] = [];
  for (const key of knowledge.keys()) {
    const prefix = key.startsWith('p:') ? key.slice(2) : '';
    if (!prefix.includes('/')) continue;
    topics.push(`${prefix}/online`);
    for (const component of prefixOf(prefix, knowledge)?.components ?? []) topics.push(`${prefix}/status/${component}`);
  }
  return topics;
}
