import type { Metric, Scalar } from '../../contracts/message.ts';
import type { TextMeasurement } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { metricKey } from './metric-states.ts';
import type { Decoded } from './task.ts';

/** Writes a measurement down; its metrics come last, for `withMetrics`. */
export function textOf(decoded: Decoded, { receivedAt, topic }: Envelope, proto: string): TextMeasurement {
  const { kind, dev, ts, clk, cls, meta, place, m } = decoded;
  const record = { kind, dev, ts, clk, cls, meta, place, rts: receivedAt, src: { proto, topic }, m };
  return {
    text: JSON.stringify(record),
    device: dev.id,
    cls,
    kind,
    ts: clk === 'source' ? ts : undefined,
    keys: m.map(({ n, ep }) => metricKey({ n, ep: ep ?? dev.ep })),
    values: m.map(valueOf),
  };
}

/** What makes two metrics of the same name the same value. */
export function valueOf({ v, vb, vs, q, raw }: Metric): Scalar {
  return v ?? vb ?? vs ?? `${q} ${raw}`;
}

/** How the list of metrics begins, and what stands between two of them: inside a JSON text no quote is bare. */
const opening = '"m":[{"n":';
const between = '},{"n":';

/** The record with those of its metrics that are to be kept, at least one. */
export function withMetrics(measurement: TextMeasurement, isKept: readonly boolean[]): TextMeasurement {
  const { text, keys, values } = measurement;
  const from = text.indexOf(opening) + opening.length;
  const metrics = text.slice(from, -'}]}'.length).split(between);
  const only = <One>(all: readonly One[]): One[] => all.filter((_, index) => isKept[index] === true);
  return {
    ...measurement,
    text: `${text.slice(0, from)}${only(metrics).join(between)}}]}`,
    keys: only(keys),
    values: only(values),
  };
}
