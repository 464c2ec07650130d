import { isDeepStrictEqual } from 'node:util';
import type { Reading, ReadingMetric } from '../../contracts/plugin.ts';

/** What one version made of one message: readings, or the reason why there are none. */
export type Decoded = { readonly readings: readonly Reading[] } | { readonly error: string };

export type DifferenceKind =
  | 'device-added'
  | 'device-removed'
  | 'metric-added'
  | 'metric-removed'
  | 'value-changed'
  | 'unit-changed'
  | 'detail-changed'
  | 'error-added'
  | 'error-removed'
  | 'error-changed';

/** One thing that the candidate says differently. Texts are for showing; `metric` is empty for devices and errors. */
export interface Difference {
  readonly what: DifferenceKind;
  readonly device: string;
  readonly metric: string;
  readonly before: string;
  readonly after: string;
}

/** Compares what two versions made of the same message. Order does not count; equal lists give no difference. */
export function compareDecoded(running: Decoded, candidate: Decoded): readonly Difference[] {
  if ('error' in running || 'error' in candidate) return compareErrors(running, candidate);
  const before = byDevice(running.readings);
  const after = byDevice(candidate.readings);
  const differences: Difference[] = [];
  for (const [device, metrics] of before) {
    const others = after.get(device);
    if (others === undefined) {
      differences.push(difference('device-removed', device, '', { before: namesOf(metrics) }));
    } else differences.push(...compareMetrics(device, metrics, others));
  }
  for (const [device, metrics] of after) {
    if (!before.has(device)) differences.push(difference('device-added', device, '', { after: namesOf(metrics) }));
  }
  return differences;
}

function compareErrors(running: Decoded, candidate: Decoded): readonly Difference[] {
  const before = 'error' in running ? running.error : undefined;
  const after = 'error' in candidate ? candidate.error : undefined;
  if (before === after) return [];
  if (before === undefined) return [difference('error-added', '', '', { after })];
  if (after === undefined) return [difference('error-removed', '', '', { before })];
  return [difference('error-changed', '', '', { before, after })];
}

/** A metric with what its reading says about it. */
interface Placed {
  readonly metric: ReadingMetric;
  readonly reading: Omit<Reading, 'metrics' | 'device'>;
}

type Metrics = ReadonlyMap<string, Placed>;

/** Device to its metrics, by endpoint and name; a name that comes twice is numbered in the order of arrival. */
function byDevice(readings: readonly Reading[]): ReadonlyMap<string, Metrics> {
  const devices = new Map<string, Map<string, Placed>>();
  for (const { device, metrics, ...reading } of readings) {
    const known = devices.get(device) ?? new Map<string, Placed>();
    devices.set(device, known);
    for (const metric of metrics) known.set(freeName(known, reading, metric), { metric, reading });
    if (metrics.length === 0 && reading.meta !== undefined) {
      known.set(`(${reading.kind})`, { metric: { n: '', key: '' }, reading });
    }
  }
  return devices;
}

function freeName(taken: Metrics, { ep }: Pick<Reading, 'ep'>, metric: ReadingMetric): string {
  const place = [ep, metric.ep].filter((one) => one !== undefined).join('/');
  const name = place === '' ? metric.n : `${metric.n} @${place}`;
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${name} #${count}`;
  return free;
}

function compareMetrics(device: string, before: Metrics, after: Metrics): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [name, placed] of before) {
    const other = after.get(name);
    if (other === undefined) {
      differences.push(difference('metric-removed', device, name, { before: shownValue(placed.metric) }));
    } else differences.push(...compareOne(device, name, placed, other));
  }
  for (const [name, { metric }] of after) {
    if (!before.has(name)) differences.push(difference('metric-added', device, name, { after: shownValue(metric) }));
  }
  return differences;
}

/** A changed unit says its values with it; a changed value under the same unit is another matter. */
function compareOne(device: string, name: string, one: Placed, other: Placed): readonly Difference[] {
  const { unit, value, q, raw, ...rest } = one.metric;
  const { unit: otherUnit, value: otherValue, q: otherQ, raw: otherRaw, ...otherRest } = other.metric;
  const found: Difference[] = [];
  const values = { before: shownValue(one.metric), after: shownValue(other.metric) };
  if (unit !== otherUnit) found.push(difference('unit-changed', device, name, values));
  else if (!isDeepStrictEqual([value, q, raw], [otherValue, otherQ, otherRaw])) {
    found.push(difference('value-changed', device, name, values));
  }
  const [said, saysNow] = [
    { ...one.reading, ...rest },
    { ...other.reading, ...otherRest },
  ];
  const changed = changedKeys(said, saysNow);
  if (changed.length > 0) {
    const texts = { before: picked(said, changed), after: picked(saysNow, changed) };
    found.push(difference('detail-changed', device, name, texts));
  }
  return found;
}

function changedKeys(one: object, other: object): readonly string[] {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => !isDeepStrictEqual(Reflect.get(one, key), Reflect.get(other, key)));
}

function picked(from: object, keys: readonly string[]): string {
  return bounded(keys.map((key) => `${key} ${JSON.stringify(Reflect.get(from, key)) ?? 'nothing'}`).join(', '));
}

function shownValue({ value, unit, q, raw }: ReadingMetric): string {
  const shown = value === undefined ? `${q ?? 'nothing'} (${JSON.stringify(raw) ?? 'nothing'})` : JSON.stringify(value);
  return bounded(unit === undefined ? shown : `${shown} ${unit}`);
}

function namesOf(metrics: Metrics): string {
  return bounded([...metrics.keys()].join(', '));
}

const maxShownChars = 200;

function bounded(text: string): string {
  return text.length <= maxShownChars ? text : `${text.slice(0, maxShownChars)}…`;
}

function difference(
  what: DifferenceKind,
  device: string,
  metric: string,
  { before = '', after = '' }: { readonly before?: string | undefined; readonly after?: string | undefined },
): Difference {
  return { what, device, metric, before, after };
}
