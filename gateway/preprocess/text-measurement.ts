import type { Metric, Scalar } from '../../contracts/message.ts';
import type { TextMeasurement } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { metricKey } from './metric-states.ts';
import type { Decoded } from './task.ts';

/** Writes a measurement down; its metrics come last, for `withoutMetrics`. */
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
const beforeFirst = '"m":['.length;
const between = '},{"n":';
const closing = ']}';

/** The record without some of its metrics, given by their places in order; at least one stays. */
export function withoutMetrics(measurement: TextMeasurement, left: readonly number[]): TextMeasurement {
  const { text, keys, values } = measurement;
  const isKept = (_: unknown, index: number): boolean => !left.includes(index);
  return { ...measurement, text: cut(text, left), keys: keysWithout(keys, left), values: values.filter(isKept) };
}

/** What is left of a list of keys, by the places of those that are left out. */
const remaining = new WeakMap<readonly string[], Map<string, readonly string[]>>();

/** Messages that share their list of keys share what is left of it: what is known of a list is looked up by the list. */
function keysWithout(keys: readonly string[], left: readonly number[]): readonly string[] {
  let known = remaining.get(keys);
  if (known === undefined) remaining.set(keys, (known = new Map()));
  const places = left.join();
  const kept = known.get(places) ?? keys.filter((_, index) => !left.includes(index));
  known.set(places, kept);
  return kept;
}

/** Goes no further than to the last metric that is left out. */
function cut(text: string, left: readonly number[]): string {
  let kept = '';
  let from = 0;
  let isAnyKept = false;
  let at = text.indexOf(opening) + beforeFirst;
  for (let index = 0, done = 0; done < left.length; index++) {
    const next = text.indexOf(between, at);
    const end = next < 0 ? text.length - closing.length : next + 1;
    if (index === left[done]) {
      done += 1;
      // One comma goes along: the one in front, or the one behind where nothing stays in front.
      kept += text.slice(from, isAnyKept ? at - 1 : at);
      from = isAnyKept ? end : end + 1;
    } else {
      isAnyKept = true;
    }
    at = end + 1;
  }
  return kept + text.slice(from);
}
