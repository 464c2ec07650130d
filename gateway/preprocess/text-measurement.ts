import type { Measurement, Metric, Scalar } from '../../contracts/message.ts';
import type { WrittenMeasurement } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { metricKey } from './metric-states.ts';
import type { Decoded } from './task.ts';

/**
 * A measurement that was written down in the decode thread, with what dedupe compares, so that the main thread neither
 * reads nor writes it. `keys` and `values` are those of its metrics, in their order.
 */
export interface TextMeasurement extends WrittenMeasurement {
  readonly kind: Measurement['kind'];
  /** Source time, where the source told it. */
  readonly ts: number | undefined;
  readonly keys: readonly string[];
  readonly values: readonly Scalar[];
}

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
export function withMetrics({ text, device, cls }: TextMeasurement, isKept: readonly boolean[]): WrittenMeasurement {
  const from = text.indexOf(opening) + opening.length;
  const metrics = text.slice(from, -'}]}'.length).split(between);
  const kept = metrics.filter((_, index) => isKept[index] === true);
  return { text: `${text.slice(0, from)}${kept.join(between)}}]}`, device, cls };
}
