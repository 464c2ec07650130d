import { PortcullisError } from './errors.ts';
import type { CounterKind, Kind, Scalar } from './message.ts';
import { isMetricWord, type MetricWord } from './metric-words.ts';
import type { Reading, ReadingMetric, SourceTime } from './plugin.ts';
import { canonicalUnit } from './units.ts';

const maxEntries = 512;
const maxName = 200;

/** What is known about a value beside its name. `unit` is the source's spelling. */
export interface About {
  readonly unit?: string | undefined;
  readonly ep?: string | undefined;
  readonly counter?: CounterKind | undefined;
  /** Start of the counter's series in milliseconds. */
  readonly seriesStart?: number | undefined;
  /** The value is the source's way of saying that it has none. */
  readonly sentinel?: boolean | undefined;
  /** The value is what was sent, but it could not be understood. */
  readonly unparsed?: boolean | undefined;
}

/**
 * Collects what one payload says about one device. Every value that goes in comes out: as the word that it was given,
 * or as `x.<proto>.<key>` when the word is taken already or when a number has no unit although the word demands one.
 */
export interface Gathering {
  /** A value under a canonical word. */
  word(name: MetricWord, key: string, value: Scalar, about?: About): void;
  /** A value without canonical word. */
  other(key: string, value: Scalar, about?: About): void;
  /** A leaf that describes the device. */
  meta(key: string, value: Scalar): void;
  readonly size: number;
  /** What was gathered, as readings: none when there is nothing. Without `kind` the metrics decide. */
  readings(device: string, kind?: Kind, at?: SourceTime): readonly Reading[];
}

export function gather(proto: string): Gathering {
  const metrics: ReadingMetric[] = [];
  const taken = new Set<string>();
  const described = new Map<string, Scalar>();

  const put = (n: string, key: string, value: Scalar, about: About | undefined): void => {
    if (metrics.length >= maxEntries) throw tooMuch('values');
    if (n.length > maxName) throw new PortcullisError('DECODE_FAILED', `A key is longer than ${maxName} characters.`);
    metrics.push(metricOf(n, key, value, about));
  };
  const claim = (name: string, ep: string | undefined): boolean => {
    const id = ep === undefined ? name : `${name}\n${ep}`;
    if (taken.has(id)) return false;
    taken.add(id);
    return true;
  };
  const other = (key: string, value: Scalar, about?: About): void => {
    let name = `x.${proto}.${key}`;
    while (!claim(name, about?.ep)) name += '~';
    put(name, key, value, about);
  };
  return {
    word: (name, key, value, about) => {
      const unitless = typeof value === 'number' && about?.unit === undefined && canonicalUnit(name) !== undefined;
      if (unitless || !claim(name, about?.ep)) other(key, value, about);
      else put(name, key, value, about);
    },
    other,
    meta: (key, value) => {
      if (described.size >= maxEntries) throw tooMuch('descriptions');
      described.set(key, value);
    },
    get size() {
      return metrics.length + described.size;
    },
    readings: (device, kind, at) => {
      if (metrics.length === 0 && described.size === 0) return [];
      return [
        {
          device,
          kind: kind ?? kindOf(metrics),
          ...(at && { at }),
          metrics,
          ...(described.size > 0 && { meta: Object.fromEntries(described) }),
        },
      ];
    },
  };
}

function tooMuch(what: string): PortcullisError {
  return new PortcullisError('DECODE_FAILED', `The payload has more than ${maxEntries} ${what}.`);
}

function metricOf(n: string, key: string, value: Scalar, about: About | undefined): ReadingMetric {
  const missing = value === null || about?.sentinel === true;
  const broken = about?.unparsed === true || (typeof value === 'number' && !Number.isFinite(value));
  const out: { -readonly [K in keyof ReadingMetric]: ReadingMetric[K] } = { n, key };
  if (broken) {
    out.q = 'unparsed';
    out.raw = typeof value === 'number' ? String(value) : value;
  } else if (missing) {
    out.q = 'sentinel';
    out.raw = value;
  } else out.value = value;
  if (about?.unit !== undefined) out.unit = about.unit;
  if (about?.counter !== undefined) out.counter = about.counter;
  if (about?.seriesStart !== undefined) out.seriesStart = about.seriesStart;
  if (about?.ep !== undefined) out.ep = about.ep;
  return out;
}

/** Numbers that accompany a state rather than make a history of their own. */
const beside = /^(?:x|battery|signal|light|position|valve|setpoint|tilt)(?:\.|$)/;

/** A payload with a measured number is telemetry; one that only says how things are now is state. */
function kindOf(metrics: readonly ReadingMetric[]): Kind {
  let measures = false;
  let states = false;
  for (const { n, value } of metrics) {
    if (typeof value === 'number' && !beside.test(n)) measures = true;
    if (typeof value === 'boolean' || typeof value === 'string' || n.startsWith('light.') || n === 'position') {
      states ||= isMetricWord(n);
    }
  }
  return states && !measures ? 'state' : 'telemetry';
}
