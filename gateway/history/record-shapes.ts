import type { Measurement, Metric } from '../../contracts/message.ts';
import type { Told } from '../lib/late.ts';
import { historyBounds } from './options.ts';
import type { ValueType } from './samples.ts';
import type { Series, SeriesKey } from './series-book.ts';

/** A metric as a record writes it: `opening`, the value, `closing`. */
export interface MetricShape {
  readonly opening: string;
  readonly closing: string;
  readonly key: SeriesKey;
  /** `st` of a counter. */
  readonly start: number;
  /** The text that was read last: states repeat, and what is cut out of a line would keep the line. */
  text: string;
  /** Where its samples go; set by who reads. */
  series: Series | undefined;
}

interface RecordShape {
  /** What stands between the time, the time of reception and the metrics. */
  readonly toReceived: string;
  readonly clk: Told['clk'];
  readonly toMetrics: string;
  readonly metrics: readonly MetricShape[];
  /** Lines that began like it and were not, one after the other. */
  misses: number;
}

const toTime = ',"ts":';
const closing = ']}';
/** Digits that a double holds, whatever they are. */
const mostDigits = 15;
const [zero, nine, minus, point, quote, backslash, space] = [48, 57, 45, 46, 34, 92, 32];

/**
 * Reads lines that are like one that was read with `JSON.parse` before, but for times and values. A shape is made of
 * what `JSON.stringify` writes, so a line that is such pieces with numbers and plain texts between them is JSON that
 * says the same; any other line is not read here.
 */
export class RecordShapes {
  readonly #shapes = new Map<string, RecordShape>();
  /** What the last line said. */
  readonly told: { -readonly [Key in keyof Told]: Told[Key] } = { ts: 0, clk: 'gateway', rts: 0 };
  count = 0;
  readonly metrics: MetricShape[] = [];
  /** In step with `metrics`: of a number and a truth. */
  readonly values = new Float64Array(historyBounds.maxPerDevice);
  /** In step with `metrics`: of a text; undefined where it is too long for a state. */
  readonly texts: (string | undefined)[] = [];
  /** The number that was read last ends in front of this; -1 where there was none. */
  #end = 0;

  clear(): void {
    this.#shapes.clear();
  }

  /** False where the line is to be read with `JSON.parse`. */
  read(line: string): boolean {
    const head = line.indexOf('}') + 1;
    const shape = this.#shapes.get(line.slice(0, head));
    if (shape === undefined) return false;
    const isLike = line.startsWith(toTime, head) && this.#isLike(shape, line, head + toTime.length);
    shape.misses = isLike ? 0 : shape.misses + 1;
    return isLike;
  }

  /** Knows lines like this one from now on, where it is written like a record. */
  learn({ kind, dev, ts, clk, cls, meta, place, rts, src, m }: Measurement, line: string): void {
    if (!line.startsWith('{"kind":')) return;
    const head = `{"kind":${JSON.stringify(kind)},"dev":${JSON.stringify(dev)}`;
    if (head.indexOf('}') < head.length - 1) return;
    const known = this.#shapes.get(head);
    if (known ? known.misses > mostMisses && known.misses % seldom > 0 : this.#shapes.size >= mostShapes) return;
    const toReceived = `,${JSON.stringify({ clk, cls, meta, place }).slice(1, -1)},"rts":`;
    const toMetrics = `,"src":${JSON.stringify(src)},"m":[`;
    if (!line.startsWith(`${head}${toTime}${ts}${toReceived}${rts}${toMetrics}`)) return;
    const fresh = m.map((metric) => shapeOf(metric, dev)).filter((shape) => shape !== undefined);
    const isFresh = (one: MetricShape): boolean =>
      fresh.some(({ opening, closing: end }) => one.opening === opening && one.closing === end);
    const others = known?.metrics.filter((one) => !isFresh(one)) ?? [];
    const metrics = [...fresh, ...others].slice(0, mostMetrics);
    this.#shapes.set(head, { toReceived, clk, toMetrics, metrics, misses: known?.misses ?? 0 });
  }

  #isLike({ toReceived, clk, toMetrics, metrics }: RecordShape, line: string, from: number): boolean {
    this.told.clk = clk;
    this.told.ts = this.#time(line, from);
    if (this.#end < 0 || !isAt(line, toReceived, this.#end)) return false;
    this.told.rts = this.#time(line, this.#end + toReceived.length);
    if (this.#end < 0 || !isAt(line, toMetrics, this.#end)) return false;
    return this.#readMetrics(metrics, line, this.#end + toMetrics.length);
  }

  #readMetrics(shapes: readonly MetricShape[], line: string, from: number): boolean {
    let at = from;
    let next = 0;
    for (this.count = 0; this.count < this.values.length; at += 1) {
      let tried = 0;
      for (; tried < shapes.length; tried += 1) {
        const shape = shapes[next];
        next = next + 1 < shapes.length ? next + 1 : 0;
        if (shape === undefined || !line.startsWith(shape.opening, at)) continue;
        const end = this.#value(shape, line, at + shape.opening.length);
        if (end < 0 || !line.startsWith(shape.closing, end)) continue;
        this.metrics[this.count] = shape;
        this.count += 1;
        at = end + shape.closing.length;
        break;
      }
      if (tried === shapes.length) return false;
      if (line[at] !== ',') return line.length === at + closing.length && line.endsWith(closing);
    }
    return false;
  }

  /** Where the value ends, -1 where it is none that is read here. */
  #value(shape: MetricShape, line: string, at: number): number {
    const { type } = shape.key;
    if (type === 'number') this.values[this.count] = this.#number(line, at);
    else if (type === 'boolean') this.values[this.count] = this.#truth(line, at);
    else this.#text(shape, line, at);
    return this.#end;
  }

  #time(line: string, from: number): number {
    let value = 0;
    let at = from;
    for (let code = line.charCodeAt(at); code >= zero && code <= nine; code = line.charCodeAt(at)) {
      value = value * 10 + code - zero;
      at += 1;
    }
    const isPlain = at > from && at - from <= mostDigits && (at === from + 1 || line.charCodeAt(from) !== zero);
    this.#end = isPlain ? at : -1;
    return value;
  }

  /** Whole digits over a power of ten are rounded once, as a decimal number is; what has more digits is left to `Number`. */
  #number(line: string, from: number): number {
    const isNegative = line.charCodeAt(from) === minus;
    const first = isNegative ? from + 1 : from;
    let digits = 0;
    let at = first;
    let code = line.charCodeAt(at);
    for (; code >= zero && code <= nine; code = line.charCodeAt((at += 1))) digits = digits * 10 + code - zero;
    const wholes = at - first;
    this.#end = -1;
    if (wholes === 0 || (wholes > 1 && line.charCodeAt(first) === zero)) return 0;
    let decimals = 0;
    if (code === point) {
      code = line.charCodeAt((at += 1));
      for (; code >= zero && code <= nine; code = line.charCodeAt((at += 1))) {
        digits = digits * 10 + code - zero;
        decimals += 1;
      }
      if (decimals === 0) return 0;
    }
    this.#end = at;
    if (wholes + decimals > mostDigits) return Number(line.slice(from, at));
    const value = decimals === 0 ? digits : digits / (powers[decimals] ?? 1);
    return isNegative ? -value : value;
  }

  #truth(line: string, at: number): number {
    const isTrue = line.startsWith('true', at);
    this.#end = isTrue ? at + 4 : line.startsWith('false', at) ? at + 5 : -1;
    return isTrue ? 1 : 0;
  }

  #text(shape: MetricShape, line: string, from: number): void {
    this.#end = -1;
    let at = from;
    for (let code = line.charCodeAt(at); code !== quote; code = line.charCodeAt((at += 1)))
      if (!(code >= space) || code === backslash) return;
    this.#end = at;
    const length = at - from;
    const isState = length <= historyBounds.maxTextLength;
    if (isState && !(length === shape.text.length && line.startsWith(shape.text, from)))
      shape.text = JSON.parse(line.slice(from - 1, at + 1)) as string;
    this.texts[this.count] = isState ? shape.text : undefined;
  }
}

/** Of 60 characters five times as fast as `startsWith`, which compares one by one; of 25 no faster. */
const isAt = (line: string, text: string, at: number): boolean => line.slice(at, at + text.length) === text;

const powers = Array.from({ length: mostDigits + 1 }, (_, n) => 10 ** n);
/** Lines of one device that were alike in vain, before only each so many is learned from. */
const mostMisses = 8;
const seldom = 64;
/** What is beyond them is read with `JSON.parse`. */
const mostShapes = 2_000;
const mostMetrics = 64;

const names = { number: 'v', boolean: 'vb', text: 'vs' };

/** Undefined for a metric without a value, or one that is not written in the usual order. */
function shapeOf(metric: Metric, dev: Measurement['dev']): MetricShape | undefined {
  const { n, v, vb, vs, ...others } = metric;
  const key = keyOf(metric, dev);
  if (key === undefined) return undefined;
  const mark = key.type === 'text' ? '"' : '';
  const opening = `{"n":${JSON.stringify(n)},"${names[key.type]}":${mark}`;
  const end = `${mark}${JSON.stringify({ _: 0, ...others }).replace('{"_":0', '')}`;
  const value = JSON.stringify(v ?? vb ?? vs);
  if (JSON.stringify(metric) !== `${opening}${mark ? value.slice(1, -1) : value}${end}`) return undefined;
  return { opening, closing: end, key, start: metric.st ?? 0, text: '', series: undefined };
}

/** The series of a metric; undefined where it has no value. */
export function keyOf(metric: Metric, dev: Measurement['dev']): SeriesKey | undefined {
  const type = typeOf(metric);
  if (type === undefined) return undefined;
  const endpoint = metric.ep ?? dev.ep;
  return {
    device: dev.id,
    metric: endpoint === undefined ? metric.n : `${metric.n}@${endpoint}`,
    type,
    unit: metric.u ?? '',
    counter: type === 'number' && metric.c !== undefined,
  };
}

function typeOf({ v, vb, vs }: Metric): ValueType | undefined {
  if (v !== undefined) return 'number';
  if (vb !== undefined) return 'boolean';
  return vs === undefined ? undefined : 'text';
}
