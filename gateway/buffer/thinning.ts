import type { Measurement, Metric } from '../../contracts/message.ts';

/** One record of a window that is to be thinned, in the order of the log. */
export interface ThinCandidate {
  readonly lsn: number;
  readonly record: Measurement;
}

interface Bucket {
  readonly members: ThinCandidate[];
}

const bucketMs = 60_000;

/**
 * Telemetry that may be thinned: measurements that are not a roll-up already. State, events and alarms are never
 * touched here.
 */
export function mayThin({ cls, meta, m }: Measurement): boolean {
  return cls === 'telemetry' && meta?.['rollup'] === undefined && !m.some((metric) => metric.n.endsWith('.count'));
}

/**
 * Thins to one record per device and minute. The result maps the lsn of the last record of each minute to the roll-up
 * that takes its place; the other members are left out. A minute with one record stays as it is.
 */
export function thin(candidates: readonly ThinCandidate[]): {
  rollups: Map<number, Measurement>;
  dropped: Set<number>;
} {
  const buckets = new Map<string, Bucket>();
  for (const candidate of candidates) {
    if (!mayThin(candidate.record)) continue;
    const { dev, ts, src } = candidate.record;
    const key = JSON.stringify([dev.id, dev.ep, src.proto, Math.floor(ts / bucketMs)]);
    const bucket = buckets.get(key);
    if (bucket) bucket.members.push(candidate);
    else buckets.set(key, { members: [candidate] });
  }
  const rollups = new Map<number, Measurement>();
  const dropped = new Set<number>();
  for (const { members } of buckets.values()) {
    const last = members.at(-1);
    if (!last || members.length === 1) continue;
    rollups.set(
      last.lsn,
      rollUp(
        members.map(({ record }) => record),
        last.record,
      ),
    );
    for (const { lsn } of members) if (lsn !== last.lsn) dropped.add(lsn);
  }
  return { rollups, dropped };
}

interface Series {
  min: number;
  max: number;
  sum: number;
  count: number;
  last: Metric;
}

/** Numbers become `<name>.min`, `.max`, `.mean` and `.count`; counters, texts and switches keep their last value. */
function rollUp(records: readonly Measurement[], last: Measurement): Measurement {
  const series = new Map<string, Series>();
  for (const metric of records.flatMap((record) => record.m)) {
    const key = JSON.stringify([metric.n, metric.ep, metric.u]);
    const one = series.get(key) ?? { min: Infinity, max: -Infinity, sum: 0, count: 0, last: metric };
    series.set(key, one);
    one.last = metric;
    if (metric.v === undefined || metric.c !== undefined) continue;
    one.min = Math.min(one.min, metric.v);
    one.max = Math.max(one.max, metric.v);
    one.sum += metric.v;
    one.count += 1;
  }
  const m = [...series.values()].flatMap(({ min, max, sum, count, last: { n, u, ep, ...rest } }): Metric[] => {
    const where = { ...(u === undefined ? {} : { u }), ...(ep === undefined ? {} : { ep }) };
    if (count === 0) return [{ n, ...rest, ...where }];
    return [
      { n: `${n}.min`, v: min, ...where },
      { n: `${n}.max`, v: max, ...where },
      { n: `${n}.mean`, v: sum / count, ...where },
      { n: `${n}.count`, v: count, ...(ep === undefined ? {} : { ep }) },
    ];
  });
  return { ...last, m, meta: { ...last.meta, rollup: records.length } };
}
