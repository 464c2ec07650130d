import { PortcullisError } from './errors.ts';
import type { Scalar } from './message.ts';
import type { Json, SourceTime } from './plugin.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const isoTime = /^(\d{4})[-.](\d\d)[-.](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;
const maxDepth = 32;
const maxLeaves = 2048;
/** Nothing was ever measured before this; a clock that says so was never set. */
const earliestMs = Date.UTC(2000, 0, 1);

/** The payload as text. Bytes that are not UTF-8 are refused with DECODE_FAILED: a codec for binary payloads reads them itself. */
export function textOf(payload: Uint8Array): string {
  try {
    return utf8.decode(payload);
  } catch (cause) {
    throw new PortcullisError('DECODE_FAILED', 'The payload is not UTF-8 text.', { cause });
  }
}

/** The text as JSON. Throws DECODE_FAILED when it is none. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new PortcullisError('DECODE_FAILED', 'The payload is not JSON.', { cause });
  }
}

/** A JSON object; read its members with `member` or `textIn`. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether this is an object, not a list and not null. */
export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** The payload as a JSON object, which is what most devices send. */
export function parseObject(text: string): JsonObject {
  const json = parseJson(text);
  if (isObject(json)) return json;
  throw new PortcullisError('DECODE_FAILED', 'The payload is JSON, but not an object.');
}

/** An own member of an object: a key such as `constructor` never reaches the prototype. */
export function member(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A member that is a text, neither empty nor longer than `longest` characters. */
export function textIn(object: JsonObject, key: string, longest = 256): string | undefined {
  const value = member(object, key);
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;
}

/** A decimal number as devices print it, or undefined for anything else: empty text, hex, `nan`, words. */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return number.test(trimmed) ? Number(trimmed) : undefined;
}

/** Visits every leaf (anything but an object or an array) with its path, `a.b.0`. Refuses what is too deep or too much. */
export function eachLeaf(json: Json, visit: (path: string, value: Scalar) => void, path = ''): void {
  let left = maxLeaves;
  const walk = (node: Json, at: string, depth: number): void => {
    if (typeof node !== 'object' || node === null) {
      if (--left < 0) throw new PortcullisError('DECODE_FAILED', `The payload has more than ${maxLeaves} values.`);
      visit(at, node);
      return;
    }
    if (depth >= maxDepth)
      throw new PortcullisError('DECODE_FAILED', `The payload nests deeper than ${maxDepth} levels.`);
    for (const [key, child] of Object.entries(node)) {
      walk(child, at === '' ? key : `${at}.${key}`, depth + 1);
    }
  };
  walk(json, path, 0);
}

/**
 * A time as devices write it. A number is seconds or milliseconds since 1970, told apart by size. A text is ISO 8601:
 * with zone it is UTC, without one it is wall time; Tasmota's old `YYYY.MM.DD` is read too. A time from before 2000 (a
 * device without NTP says 1970), one that does not exist and anything else is no time.
 */
export function timeOf(value: Json | undefined): SourceTime | undefined {
  if (typeof value === 'number') return epoch(value);
  return typeof value === 'string' ? printedTime(value) : undefined;
}

function printedTime(text: string): SourceTime | undefined {
  const parts = isoTime.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone] = parts;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}`;
  const ms = Date.parse(iso + (zone === undefined || zone === 'Z' ? 'Z' : zone.replace(/(\d\d)(\d\d)$/, '$1:$2')));
  // The parser takes the 30th of February for the 1st of March.
  const dayMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  if (!(ms >= earliestMs) || new Date(dayMs).getUTCDate() !== Number(day)) return undefined;
  return zone === undefined ? { localMs: ms } : { utcMs: ms };
}

function epoch(value: number): SourceTime | undefined {
  const ms = Math.round(value < 1e11 ? value * 1000 : value);
  return ms >= earliestMs && ms < 1e14 ? { utcMs: ms } : undefined;
}
