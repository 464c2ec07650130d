import { PortcullisError } from './errors.ts';
import type { CounterKind, Kind, Scalar } from './message.ts';
import { isMetricWord, metricWords, type MetricWord } from './metric-words.ts';
import { eachLeaf } from './payload.ts';
import type { Json, Reading, ReadingMetric, SourceTime } from './plugin.ts';
import { canonicalUnit } from './units.ts';

const maxEntries = 512;
const maxName = 200;
/** Up to here looking through a list is cheaper than keeping a set. */
const fewMetrics = 16;

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
 * or as `x.<proto>.<key>` when the word is taken already or demands a number with a unit and the value is none.
 */
export class Gathering {
  readonly #proto: string;
  readonly #metrics: ReadingMetric[] = [];
  #taken: Set<string> | undefined;
  #meta: Map<string, Scalar> | undefined;

  constructor(proto: string) {
    this.#proto = proto;
  }

  /** A value under a canonical word. */
  word(name: MetricWord, key: string, value: Scalar, about?: About): void {
    if (fits(name, value, about) && !this.#isTaken(name, about?.ep)) this.#put(name, key, value, about);
    else this.other(key, value, about);
  }

  /** A value without canonical word. */
  other(key: string, value: Scalar, about?: About): void {
    let name = otherName(this.#proto, key);
    while (this.#isTaken(name, about?.ep)) name += '~';
    this.#put(name, key, value, about);
  }

  /** Every leaf of a tree that stands at `path`, without canonical words. */
  others(tree: Json, path = '', about?: About): void {
    eachLeaf(tree, (key, value) => this.other(key, value, about), path);
  }

  /** A leaf that describes the device. */
  meta(key: string, value: Scalar): void {
    this.#meta ??= new Map();
    if (this.#meta.size >= maxEntries) throw tooMuch('descriptions');
    this.#meta.set(key, value);
  }

  /** Every leaf of a tree that stands at `path`, as descriptions of the device. */
  metas(tree: Json, path = ''): void {
    eachLeaf(tree, (key, value) => this.meta(key, value), path);
  }

  /** What was gathered, as readings: none when there is nothing. Without `kind` the metrics decide. */
  readings(device: string, kind?: Kind, at?: SourceTime): readonly Reading[] {
    if (this.#metrics.length === 0 && this.#meta === undefined) return [];
    const reading = { device, kind: kind ?? kindOf(this.#metrics), metrics: this.#metrics };
    if (at === undefined && this.#meta === undefined) return [reading];
    return [{ ...reading, ...(at && { at }), ...(this.#meta && { meta: Object.fromEntries(this.#meta) }) }];
  }

  #isTaken(name: string, ep: string | undefined): boolean {
    if (this.#taken !== undefined) return this.#taken.has(placeOf(name, ep));
    for (const metric of this.#metrics) if (metric.n === name && metric.ep === ep) return true;
    return false;
  }

  #put(n: string, key: string, value: Scalar, about: About | undefined): void {
    if (this.#metrics.length >= maxEntries) throw tooMuch('values');
    if (n.length > maxName) throw new PortcullisError('DECODE_FAILED', `A key is longer than ${maxName} characters.`);
    this.#metrics.push(metricOf(n, key, value, about));
    if (this.#taken !== undefined) this.#taken.add(placeOf(n, about?.ep));
    else if (this.#metrics.length > fewMetrics) {
      this.#taken = new Set(this.#metrics.map((metric) => placeOf(metric.n, metric.ep)));
    }
  }
}

/** Names by protocol and key: most messages bring keys that came before, and a name that is shared was hashed before. */
const otherNames = new Map<string, Map<string, string>>();
const maxOtherNames = 2_048;
let keptNames = 0;

function otherName(proto: string, key: string): string {
  const known = otherNames.get(proto)?.get(key);
  if (known !== undefined) return known;
  const name = `x.${proto}.${key}`;
  if (name.length > maxName) return name;
  if (keptNames >= maxOtherNames) {
    otherNames.clear();
    keptNames = 0;
  }
  const names = otherNames.get(proto) ?? new Map<string, string>();
  otherNames.set(proto, names.set(key, name));
  keptNames += 1;
  return name;
}

/** Starts collecting for a protocol; the word becomes part of `x.` names. */
export function gather(proto: string): Gathering {
  return new Gathering(proto);
}

/** A word with a unit takes a number that has one, or the absence of a value. */
function fits(name: MetricWord, value: Scalar, about: About | undefined): boolean {
  if (canonicalUnit(name) === undefined || value === null) return true;
  if (typeof value === 'number') return about?.unit !== undefined;
  return about?.sentinel === true || about?.unparsed === true;
}

function placeOf(name: string, ep: string | undefined): string {
  return ep === undefined ? name : `${name}\n${ep}`;
}

function tooMuch(what: string): PortcullisError {
  return new PortcullisError('DECODE_FAILED', `The payload has more than ${maxEntries} ${what}.`);
}

function metricOf(n: string, key: string, value: Scalar, about: About | undefined): ReadingMetric {
  const out: { -readonly [K in keyof ReadingMetric]: ReadingMetric[K] } = { n, key };
  if (about?.unparsed === true || (typeof value === 'number' && !Number.isFinite(value))) {
    out.q = 'unparsed';
    out.raw = typeof value === 'number' ? String(value) : value;
  } else if (value === null || about?.sentinel === true) {
    out.q = 'sentinel';
    out.raw = value;
  } else out.value = value;
  if (about === undefined) return out;
  if (about.unit !== undefined) out.unit = about.unit;
  if (about.counter !== undefined) out.counter = about.counter;
  if (about.seriesStart !== undefined) out.seriesStart = about.seriesStart;
  if (about.ep !== undefined) out.ep = about.ep;
  return out;
}

/** Numbers that accompany a state rather than make a history of their own. */
const beside: ReadonlySet<string> = new Set(
  Object.keys(metricWords).filter((word) =>
    /^(?:battery|signal|light|position|valve|setpoint|tilt)(?:\.|$)/.test(word),
  ),
);

/** A payload with a measured number is telemetry; one that only says how things are now is state. */
function kindOf(metrics: readonly ReadingMetric[]): Kind {
  let states = false;
  for (const { n, value } of metrics) {
    if (!isMetricWord(n)) continue;
    if (typeof value === 'number' && !beside.has(n)) return 'telemetry';
    states ||= typeof value === 'boolean' || typeof value === 'string' || n.startsWith('light.') || n === 'position';
  }
  return states ? 'state' : 'telemetry';
}
