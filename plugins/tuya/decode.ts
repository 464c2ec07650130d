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
const ofTheQueue = new Set(['bizCode', 'dataId', 'devId', 'productId', 'productKey', 'ts', 'uid']);
/** An object of such a name is something else, and says what it says. */
const isOfTheQueue = (key: string, value: Json): boolean => ofTheQueue.has(key) && isScalar(value);
/** What an entry of a report says of its value; the number of a data point is a key too. */
const ofTheEntry = /^(?:code|dpId|t|time|\d+)$/;
const isOfTheEntry = (key: string, value: Json): boolean =>
  key === 'value' || (ofTheEntry.test(key) && isScalar(value));
const isScalar = (value: Json): boolean => typeof value !== 'object' || value === null;

/** `tuya/<device>/<bizCode>` (protocol 1000 and 1001) and `tuya/<device>/protocol4`, as the gateway decrypted them. */
export function decode(envelope: Envelope, { knowledge }: CodecContext): readonly Reading[] {
  const [, id, what] = topic.exec(envelope.topic) ?? [];
  if (id === undefined || what === undefined) return [];
  const message = parseObject(textOf(envelope.payload));
  const inner = member(message, 'bizData');
  const data = isObject(inner) ? unfolded(message, inner) : message;
  const device = `tuya:${id}`;
  const list = ['properties', 'status'].find((key) => Array.isArray(member(data, key)));
  if (list !== undefined) return [...readProperties(device, data, list, knowledge), ...readBeside(device, data, list)];
  if (what === 'deviceOnline' || what === 'deviceOffline') return readPresence(device, data, what === 'deviceOnline');
  if (what === 'deviceEventMessage') return readEvent(device, data);
  return describe(device, what, data);
}

/** The message with what its `bizData` holds beside the rest; what has the name of something beside it keeps its path. */
function unfolded(message: JsonObject, inner: JsonObject): JsonObject {
  const beside = Object.entries(message).filter(([key]) => key !== 'bizData');
  const isTaken = (key: string): boolean => key !== 'bizData' && Object.hasOwn(message, key);
  const within = Object.entries(inner).map(([key, value]) => [isTaken(key) ? `bizData.${key}` : key, value] as const);
  return Object.fromEntries([...beside, ...within]);
}

const productIn = (data: JsonObject): string => textIn(data, 'productId', 64) ?? textIn(data, 'productKey', 64) ?? '';

/** What stands beside the values tells of the device. */
function readBeside(device: string, data: JsonObject, list: string): readonly Reading[] {
  const gathering = gather('tuya');
  for (const [key, value] of Object.entries(data)) {
    if (key !== list && !isOfTheQueue(key, value)) gathering.metas(value, key);
  }
  return gathering.readings(device, 'registration');
}

/** Values of one time make one reading; each has a time of its own. After many times the rest counts as said now. */
function readProperties(device: string, data: JsonObject, list: string, knowledge: Knowledge): Reading[] {
  const product = productIn(data);
  const byTime = new Map<Json | undefined, Gathering>();
  for (const [index, entry] of (data[list] as readonly Json[]).entries()) {
    const code = isObject(entry) ? textIn(entry, 'code', 128) : undefined;
    const time = isObject(entry) ? (member(entry, 'time') ?? member(entry, 't')) : undefined;
    const isTold = typeof time === 'number' && (byTime.has(time) || byTime.size < maxTimes);
    const at = isTold ? time : undefined;
    const gathering = byTime.get(at) ?? gather('tuya');
    byTime.set(at, gathering);
    if (code === undefined || !isObject(entry)) {
      gathering.others(entry, `${list}.${index}`);
      continue;
    }
    readValue(gathering, code, member(entry, 'value') ?? null, readingOf(knowledge, product, code));
    for (const [key, value] of Object.entries(entry)) {
      if (!isOfTheEntry(key, value)) gathering.others(value, `${list}.${index}.${key}`);
    }
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
  const at = timeOf(member(data, 'time'));
  gathering.word('availability', 'bizCode', online);
  for (const [key, value] of Object.entries(data)) {
    if (!(key === 'time' && at !== undefined) && !isOfTheQueue(key, value)) gathering.metas(value, key);
  }
  return gathering.readings(device, 'availability', at);
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
