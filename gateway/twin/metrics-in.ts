import type { Measurement, Metric, Scalar } from '../../contracts/message.ts';
import type { Entry, TextMeasurement } from '../../contracts/pipeline.ts';
import { qualities } from '../../contracts/message.ts';
import { twinWord, type TwinValue } from '../../contracts/twin-words.ts';

/** What one message says of the metrics that a twin holds. `source` is the device's own time. */
export interface Said {
  readonly device: string;
  readonly source: number | undefined;
  readonly metrics: readonly (readonly [metric: string, value: TwinValue])[];
}

type Place = readonly [index: number, metric: string, type: string];

/** How a device is comes with its states and beside what it measures; an event is over when it is told. */
const kinds: ReadonlySet<string> = new Set(['state', 'telemetry', 'availability']);

/** Where among a list of keys the metrics of a twin stand. Lists are shared, so most are looked through once. */
const places = new WeakMap<readonly string[], readonly Place[]>();

/** Undefined for a message that says nothing that a twin holds: it costs one look-up where its keys are known. */
export function saidIn(one: Entry['measurements'][number]): Said | undefined {
  if ('keys' in one) return saidInText(one);
  const measurement = 'text' in one ? (JSON.parse(one.text) as Measurement) : one;
  const { kind, dev, m, ts, clk } = measurement;
  if (!kinds.has(kind)) return undefined;
  const metrics = m.flatMap((metric) => known(metric, dev.ep));
  return metrics.length === 0 ? undefined : { device: dev.id, source: clk === 'source' ? ts : undefined, metrics };
}

function known({ n, ep, v, vb, vs }: Metric, outer: string | undefined): [string, TwinValue][] {
  const value = v ?? vb ?? vs;
  if (value === undefined || typeof value !== twinWord(n)?.type) return [];
  return isOdd(value) ? [] : [[nameOf(n, ep ?? outer), value]];
}

function saidInText({ device, kind, ts, keys, values }: TextMeasurement): Said | undefined {
  if (!kinds.has(kind)) return undefined;
  let found = places.get(keys);
  if (found === undefined) {
    found = keys.flatMap(placeOf);
    places.set(keys, found);
  }
  if (found.length === 0) return undefined;
  const metrics = found.flatMap(([index, metric, type]): [string, TwinValue][] => {
    const value: Scalar | undefined = values[index];
    if (value === undefined || value === null || typeof value !== type || isOdd(value)) return [];
    return [[metric, value]];
  });
  return metrics.length === 0 ? undefined : { device, source: ts, metrics };
}

function placeOf(key: string, index: number): Place[] {
  const cut = key.lastIndexOf('\n');
  const name = key.slice(cut + 1);
  const word = twinWord(name);
  return word === undefined ? [] : [[index, nameOf(name, cut < 0 ? undefined : key.slice(0, cut)), word.type]];
}

function nameOf(word: string, ep: string | undefined): string {
  return ep === undefined ? word : `${word}@${ep}`;
}

/** The absence of a value is written as its quality and what was sent; a long text is no state. */
function isOdd(value: TwinValue): boolean {
  if (typeof value !== 'string') return false;
  return value.length > 64 || qualities.some((quality) => value.startsWith(`${quality} `));
}
