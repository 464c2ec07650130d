import {
  gather,
  isObject,
  member,
  parseObject,
  textIn,
  textOf,
  timeOf,
  type CodecContext,
  type Envelope,
  type Gathering,
  type Json,
  type JsonObject,
  type Knowledge,
  type Reading,
} from '../../contracts/index.ts';
import { readingOf } from './specification.ts';
import { meaningOf } from './words.ts';

const topic = /^tuya\/([\w-]{1,64})\/(\w{1,64})$/;
const maxTimes = 200;

/** Ids and times of the queue itself, which are in the envelope or say nothing of the device. */
const ofTheQueue = new Set(['bizCode', 'bizData', 'dataId', 'devId', 'productId', 'productKey', 'ts', 'uid']);
/** An object of such a name is something else, and says what it says. */
const isOfTheQueue = (key: string, value: Json): boolean =>
  ofTheQueue.has(key) && (typeof value !== 'object' || value === null);

/** `tuya/<device>/<bizCode>` (protocol 1000 and 1001) and `tuya/<device>/protocol4`, as the gateway decrypted them. */
export function decode(envelope: Envelope, { knowledge }: CodecContext): readonly Reading[] {
  const [, id, what] = topic.exec(envelope.topic) ?? [];
  if (id === undefined || what === undefined) return [];
  const message = parseObject(textOf(envelope.payload));
  const inner = member(message, 'bizData');
  const data = isObject(inner) ? inner : message;
  const device = `tuya:${id}`;
  const properties = member(data, 'properties') ?? member(data, 'status');
  if (Array.isArray(properties)) return readProperties(device, properties as Json[], productIn(data), knowledge);
  if (what === 'deviceOnline' || what === 'deviceOffline') return readPresence(device, data, what === 'deviceOnline');
  if (what === 'deviceEventMessage') return readEvent(device, data);
  return describe(device, what, isObject(inner) ? unfolded(message, inner) : message);
}

/** The message with what its `bizData` holds beside the rest; what has the name of something beside it keeps its path. */
function unfolded(message: JsonObject, inner: JsonObject): JsonObject {
  const beside = Object.entries(message).filter(([key]) => key !== 'bizData');
  const isTaken = (key: string): boolean => key !== 'bizData' && Object.hasOwn(message, key);
  const within = Object.entries(inner).map(([key, value]) => [isTaken(key) ? `bizData.${key}` : key, value] as const);
  return Object.fromEntries([...beside, ...within]);
}

const productIn = (data: JsonObject): string => textIn(data, 'productId', 64) ?? textIn(data, 'productKey', 64) ?? '';

/** Values of one time make one reading; each has a time of its own. */
function readProperties(device: string, entries: readonly Json[], product: string, knowledge: Knowledge): Reading[] {
  const byTime = new Map<Json | undefined, Gathering>();
  for (const [index, entry] of entries.entries()) {
    const code = isObject(entry) ? textIn(entry, 'code', 128) : undefined;
    const time = isObject(entry) ? (member(entry, 'time') ?? member(entry, 't')) : undefined;
    const at = typeof time === 'number' ? time : undefined;
    const gathering = byTime.get(at) ?? gather('tuya');
    if (byTime.size < maxTimes) byTime.set(at, gathering);
    if (code === undefined || !isObject(entry)) gathering.others(entry, `properties.${index}`);
    else readValue(gathering, code, member(entry, 'value') ?? null, readingOf(knowledge, product, code));
  }
  return [...byTime].flatMap(([at, gathering]) => gathering.readings(device, undefined, timeOf(at)));
}

/**
 * A number has the word of its code only when the product's specification told its scale: 214 is 21.4 degrees of one
 * product and 214 of another.
 */
function readValue(gathering: Gathering, code: string, value: Json, told: ReturnType<typeof readingOf>): void {
  if (typeof value === 'object' && value !== null) return gathering.others(value, code);
  const known = meaningOf(code);
  if (typeof value === 'number' && told !== undefined) {
    const shown = value / 10 ** told.scale;
    const unit = told.unit ?? known?.meaning.unit;
    if (known === undefined || known.meaning.flag !== undefined) return gathering.other(code, shown, { unit });
    return gathering.word(known.meaning.word, code, shown, { unit, ep: known.ep });
  }
  const { flag } = known?.meaning ?? {};
  const isFlag = flag !== undefined && typeof value === typeof flag[0];
  if (known === undefined || !isFlag) return gathering.other(code, value);
  gathering.word(known.meaning.word, code, flag.includes(value), { ep: known.ep });
}

function readPresence(device: string, data: JsonObject, online: boolean): readonly Reading[] {
  const gathering = gather('tuya');
  gathering.word('availability', 'bizCode', online);
  return gathering.readings(device, 'availability', timeOf(member(data, 'time')));
}

function readEvent(device: string, data: JsonObject): readonly Reading[] {
  const gathering = gather('tuya');
  const code = textIn(data, 'eventCode', 128);
  const at = timeOf(member(data, 'eventTime'));
  gathering.word('action', 'eventCode', code ?? 'event');
  for (const [key, value] of Object.entries(data)) {
    const isRead = (key === 'eventCode' && code !== undefined) || (key === 'eventTime' && at !== undefined);
    if (!isRead && !isOfTheQueue(key, value)) gathering.others(value, key);
  }
  return gathering.readings(device, 'event', at);
}

/** Names, owners, firmware: new kinds of message may appear at any time, and none is an error. */
function describe(device: string, what: string, data: JsonObject): readonly Reading[] {
  const gathering = gather('tuya');
  gathering.meta('bizCode', what);
  for (const [key, value] of Object.entries(data)) if (!isOfTheQueue(key, value)) gathering.metas(value, key);
  return gathering.readings(device, 'registration');
}
