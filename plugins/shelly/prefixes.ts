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
const replyTopic = /^[^/]+\/rpc$/;

/** What is known of a topic prefix that is not the device's own id: kept under `p:<prefix>`. */
interface Prefix {
  readonly src: string;
  readonly components: readonly string[];
}

/**
 * The prefix of a Gen2 device is configurable and may hold slashes; its notifications name the device. `s:<src>` keeps
 * the prefix for commands, `g1:<id>` that a device is of the first generation. A device whose own name is its prefix or its
 * client id is who it says it is.
 */
export function learn({ topic, payload, client }: Envelope, { knowledge }: CodecContext): readonly Lesson[] {
  if (payload.length === 0) return [];
  if (topic === 'shellies/announce') return learnGen1(parseObject(textOf(payload)), client, knowledge);
  if (replyTopic.test(topic)) return learnReply(parseObject(textOf(payload)), knowledge);
  if (!topic.endsWith(rpcSuffix)) return [];
  const prefix = topic.slice(0, -rpcSuffix.length);
  const frame = parseObject(textOf(payload));
  const src = textIn(frame, 'src', maxId);
  if (src === undefined) return [];
  const own: Lesson = { key: prefixKey(src), value: prefix, proven: src === prefix || src === client };
  // Its topics say the same: that there is no room to know it costs it nothing.
  if (src === prefix) return knowledge.has(own.key) || !isFull(knowledge) ? [own] : [];
  const known = prefixOf(prefix, knowledge);
  refuseWhenFull(known, knowledge);
  const components = mergeComponents(known?.components ?? [], member(frame, 'params'));
  return [{ key: `p:${prefix}`, value: { src, components } }, own];
}

function learnGen1(json: JsonObject, client: string, knowledge: Knowledge): readonly Lesson[] {
  const id = textIn(json, 'id', maxId);
  if (id === undefined) return [];
  if (knowledge.has(prefixKey(id))) {
    throw new PortcullisError(
      'DECODE_FAILED',
      `The device ${id} is of a later generation, which does not announce itself.`,
    );
  }
  refuseWhenFull(knowledge.get(`g1:${id}`), knowledge);
  return [{ key: `g1:${id}`, value: true, proven: id === client }];
}

/** An answer teaches nothing, and must come from the device that it names. */
function learnReply(frame: JsonObject, knowledge: Knowledge): readonly Lesson[] {
  const key = prefixKey(textIn(frame, 'src') ?? '');
  const value = member(frame, 'method') === undefined ? knowledge.get(key) : undefined;
  return value === undefined ? [] : [{ key, value }];
}

function refuseWhenFull(known: unknown, knowledge: Knowledge): void {
  if (known === undefined && isFull(knowledge)) {
    throw new PortcullisError('DECODE_FAILED', `Already knows ${maxPrefixes} Shelly devices.`);
  }
}

function isFull(knowledge: Knowledge): boolean {
  return knowledge.size >= maxPrefixes * 2;
}

/** Where knowledge has the prefix of a device. */
export function prefixKey(device: string): string {
  return `s:${device}`;
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
  const src = prefixOf(prefix, knowledge)?.src;
  return src !== undefined && knowledge.get(prefixKey(src)) === prefix ? src : prefix.replace(/^shellies\//, '');
}

/** Where a device listens. */
export function prefixFor(device: string, knowledge: Knowledge): string {
  const known = knowledge.get(prefixKey(device));
  return typeof known === 'string' ? known : device;
}

/** First generation ids end in upper-case hex digits, later ones in lower-case. */
export function isGen1(device: string, knowledge: Knowledge): boolean {
  if (knowledge.has(`g1:${device}`)) return true;
  return !knowledge.has(prefixKey(device)) && /-(?:[0-9A-F]{6}|[0-9A-F]{12})$/.test(device);
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
