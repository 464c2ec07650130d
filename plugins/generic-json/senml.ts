import {
  gather,
  isMetricWord,
  isObject,
  type Gathering,
  type Json,
  type JsonObject,
  type Reading,
  type SourceTime,
} from '../../contracts/index.ts';

/** Below this a SenML time is relative to now (RFC 8428, section 4.5.3). */
const relativeBelow = 2 ** 28;
const fields: ReadonlySet<string> = new Set(['n', 'u', 'v', 'vb', 'vs', 's', 't', 'bn', 'bt', 'bu', 'bver', 'ut']);

/** Whether this is a SenML pack: a list of records of which each has a name and a value (RFC 8428, section 4). */
export function isPack(json: Json): json is readonly JsonObject[] {
  return (
    Array.isArray(json) &&
    json.length > 0 &&
    json.every((record) => isObject(record) && Object.keys(record).every((key) => fields.has(key))) &&
    json.some((record) => isObject(record) && (typeof record['n'] === 'string' || typeof record['bn'] === 'string'))
  );
}

/** One reading per time in the pack. Base values hold from their record on (section 4.1). */
export function readPack(pack: readonly JsonObject[], device: string): readonly Reading[] {
  const byTime = new Map<number, Gathering>();
  let base = '';
  let baseTime = 0;
  let baseUnit: string | undefined;
  for (const record of pack) {
    base = textIn(record, 'bn') ?? base;
    baseUnit = textIn(record, 'bu') ?? baseUnit;
    baseTime = numberIn(record, 'bt') ?? baseTime;
    const seconds = baseTime + (numberIn(record, 't') ?? 0);
    const at = seconds >= relativeBelow ? seconds : 0;
    const gathering = byTime.get(at) ?? gather('json');
    byTime.set(at, gathering);
    describe(record, gathering);
    readRecord(record, base + (textIn(record, 'n') ?? ''), textIn(record, 'u') ?? baseUnit, gathering);
  }
  return [...byTime].flatMap(([at, gathering]) => gathering.readings(device, undefined, timeFrom(at)));
}

function timeFrom(seconds: number): SourceTime | undefined {
  return seconds === 0 ? undefined : { utcMs: Math.round(seconds * 1000) };
}

function readRecord(record: JsonObject, name: string, unit: string | undefined, gathering: Gathering): void {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf(':')) + 1);
  for (const key of ['v', 'vb', 'vs', 's'] as const) {
    const value = record[key];
    if (value === undefined || (typeof value === 'object' && value !== null)) continue;
    const about = key === 'v' || key === 's' ? { unit } : {};
    if (key !== 's' && isMetricWord(last)) gathering.word(last, name, value, about);
    else gathering.other(key === 's' ? `${name}.sum` : name, value, about);
  }
}

function describe(record: JsonObject, gathering: Gathering): void {
  for (const key of ['bver', 'ut']) {
    const value = numberIn(record, key);
    if (value !== undefined) gathering.meta(key, value);
  }
}

function textIn(record: JsonObject, key: string): string | undefined {
  const value = record[key];
  return typeof value === 'string' ? value : undefined;
}

function numberIn(record: JsonObject, key: string): number | undefined {
  const value = record[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
