import {
  eachLeaf,
  gather,
  isObject,
  numberOf,
  parseJson,
  PortcullisError,
  textOf,
  timeOf,
  type Envelope,
  type Gathering,
  type Json,
  type JsonObject,
  type Reading,
  type Scalar,
  type SourceTime,
} from '../../contracts/index.ts';
import type { Config, Context } from './config.ts';
import { deviceOf, fieldIn, isCommand, presenceIn } from './identity.ts';
import { unitIn, wordFor } from './names.ts';
import { isPack, readPack } from './senml.ts';

const maxWord = 256;
/** One line without control characters. */
const printable = /^[^\p{Cc}]+$/u;
const timeKeys: ReadonlySet<string> = new Set(['time', 'timestamp', 'ts']);

export function decode(envelope: Envelope, { config }: Context): readonly Reading[] {
  const { topic, payload } = envelope;
  if (payload.length === 0 || isCommand(topic)) return [];
  const text = textOf(payload);
  const json = scalarText(text);
  if (json === undefined && !isDocument(text)) return readWord(envelope, text, config);
  const tree = json ?? parseJson(text);
  const device = deviceOf(envelope, config.identity, tree);
  if (isPack(tree)) return readPack(tree, device, envelope.receivedAt);
  const gathering = gather('json');
  let at: SourceTime | undefined;
  if (isObject(tree)) at = readObject(tree, gathering, config);
  else readTree(fieldIn(topic) ?? 'value', tree, gathering, config);
  return gathering.readings(device, undefined, at);
}

/** A payload that is one bare number needs no JSON parser's opinion: `.5` and `+3` are numbers to devices. */
function scalarText(text: string): Json | undefined {
  return text.startsWith('{') || text.startsWith('[') ? undefined : numberOf(text);
}

/** Whether this is meant to be JSON: an object, a list, a quoted text or one of its three words. */
const isDocument = (text: string): boolean => /^\s*(?:[[{"]|(?:true|false|null)\s*$)/.test(text);

/** A bare word: a birth or will message, or the value that the topic names. Anything else has to be JSON. */
function readWord(envelope: Envelope, text: string, config: Config): readonly Reading[] {
  const { topic } = envelope;
  const gathering = gather('json');
  const word = text.trim();
  const presence = presenceIn(topic, word);
  const device = deviceOf(envelope, config.identity, word);
  if (presence !== undefined) {
    gathering.word('availability', 'availability', presence);
    return gathering.readings(device, 'availability');
  }
  const field = fieldIn(topic);
  if (field === undefined || word.length > maxWord || !printable.test(word)) {
    throw new PortcullisError('DECODE_FAILED', 'The payload is not JSON.');
  }
  put(field, word, undefined, gathering, config);
  return gathering.readings(device);
}

function readObject(json: JsonObject, gathering: Gathering, config: Config): SourceTime | undefined {
  let at: SourceTime | undefined;
  const entries = Object.entries(json);
  const tellsUnits = entries.some(([key]) => isUnitKey(key));
  for (const [key, value] of entries) {
    const time = at === undefined && timeKeys.has(key) ? timeOf(value) : undefined;
    if (tellsUnits && isUnitOf(json, key)) continue;
    const unit = tellsUnits ? unitBeside(json, key) : undefined;
    if (time === undefined) readField(key, value, unit, gathering, config);
    else at = time;
  }
  return at;
}

const isUnitKey = (key: string): boolean => key === 'unit' || key.endsWith('_unit');

/** `{"weight":70,"weight_unit":"kg"}` and `{"value":70,"unit":"kg"}`: the unit stands in a field beside the value. */
function unitBeside(json: JsonObject, key: string): string | undefined {
  const own = `${key}_unit`;
  const unit = Object.hasOwn(json, own)
    ? json[own]
    : key === 'value' && Object.hasOwn(json, 'unit')
      ? json['unit']
      : undefined;
  return typeof unit === 'string' ? unit : undefined;
}

/** Whether the key only tells the unit of a field beside it; the field then carries it. */
function isUnitOf(json: JsonObject, key: string): boolean {
  if (typeof json[key] !== 'string') return false;
  const field = key === 'unit' ? 'value' : key.endsWith('_unit') ? key.slice(0, -'_unit'.length) : undefined;
  return field !== undefined && Object.hasOwn(json, field) && typeof json[field] !== 'object';
}

function readField(key: string, value: Json, unit: string | undefined, gathering: Gathering, config: Config): void {
  if (isObject(value) && isQuantity(value)) readQuantity(key, value, gathering, config);
  else if (typeof value === 'object') readTree(key, value, gathering, config);
  else put(key, value, unit, gathering, config);
}

function readTree(path: string, tree: Json, gathering: Gathering, config: Config): void {
  eachLeaf(tree, (at, value) => put(at, value, undefined, gathering, config), path);
}

function isQuantity(json: JsonObject): boolean {
  return Object.hasOwn(json, 'value') && typeof json['unit'] === 'string' && typeof json['value'] !== 'object';
}

function readQuantity(key: string, json: JsonObject, gathering: Gathering, config: Config): void {
  const unit = json['unit'] as string;
  for (const [name, value] of Object.entries(json)) {
    if (name === 'value') put(key, value as number, unit, gathering, config);
    else if (name !== 'unit') readTree(`${key}.${name}`, value, gathering, config);
  }
}

function put(
  path: string,
  value: Scalar,
  unitBeside: string | undefined,
  gathering: Gathering,
  { fields }: Config,
): void {
  const known = Object.hasOwn(fields, path) ? fields[path] : undefined;
  const suffixed = unitIn(path);
  const unit = known?.unit ?? unitBeside ?? suffixed?.unit;
  const word = wordFor(known?.name ?? suffixed?.stem ?? path, value, known?.name !== undefined);
  const asNumber = unit !== undefined && typeof value === 'string' ? (numberOf(value) ?? value) : value;
  if (word === undefined) gathering.other(path, asNumber, { unit });
  else gathering.word(word, path, asNumber, { unit });
}
