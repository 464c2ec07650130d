import type { Measurement, RecordClass, Scalar } from '../../contracts/message.ts';
import type { TextMeasurement } from '../../contracts/pipeline.ts';
import { laidTexts, layTexts, type TextRoom } from '../lib/text-room.ts';
import type { EnvelopeResult } from './task.ts';

/**
 * `EnvelopeResult[]` in two strings, which clone faster than objects (decision 0040). `json` is a `Packed`. `lines` holds
 * what the main thread need not read: the measurements that are text, one per line. Where they are long, `ends` says where
 * they lie in the room of the task.
 */
export type PackedResults = { readonly json: string; readonly lines: string } | { readonly ends: readonly number[] };

/** `shapes` are the lists of keys that came; the messages of one kind of device share one. */
interface Packed {
  readonly items: readonly (readonly Head[] | EnvelopeResult)[];
  readonly shapes: readonly (readonly string[])[];
}

/** A measurement without its text; as many values as its shape has keys. */
type Head = readonly [
  device: string,
  cls: RecordClass,
  kind: Measurement['kind'],
  ts: number | null,
  shape: number,
  ...values: Scalar[],
];

/** Where the values begin in a head. */
const headValues = 5;

export function packResults(results: readonly EnvelopeResult[], room?: TextRoom): PackedResults {
  const texts: string[] = [];
  const shapes: (readonly string[])[] = [];
  const places = new Map<string, number>();
  const shapeOf = (keys: readonly string[]): number => {
    const name = keys.join('\t');
    const known = places.get(name);
    // A key may hold the separator itself.
    if (known !== undefined && shapes[known]?.length === keys.length) return known;
    places.set(name, shapes.length);
    return shapes.push(keys) - 1;
  };
  const items = results.map((result) => {
    if (!isText(result)) return result;
    return result.map(({ text, device, cls, kind, ts, keys, values }): Head => {
      texts.push(text);
      return [device, cls, kind, ts ?? null, shapeOf(keys), ...values];
    });
  });
  const json = JSON.stringify({ items, shapes } satisfies Packed);
  const lines = texts.join('\n');
  const ends = room && layTexts([json, lines], room);
  return ends ? { ends } : { json, lines };
}

/** Reads the results back, in the order of their envelopes. */
export function unpackResults(packed: PackedResults, room?: TextRoom): readonly EnvelopeResult[] {
  const [json = '', lines = ''] = textsOf(packed, room);
  const { items, shapes } = JSON.parse(json) as Packed;
  const texts = lines.split('\n');
  let next = 0;
  const measurementOf = (head: Head): TextMeasurement => {
    const [device, cls, kind, ts, shape] = head;
    const text = texts[next++] ?? '';
    const values = head.slice(headValues);
    return { text, device, cls, kind, ts: ts ?? undefined, keys: shapes[shape] ?? [], values };
  };
  return items.map((item) => (isPacked(item) ? item.map(measurementOf) : item));
}

function textsOf(packed: PackedResults, room: TextRoom | undefined): readonly string[] {
  if (!('ends' in packed)) return [packed.json, packed.lines];
  return room === undefined ? [] : laidTexts(packed.ends, room).map((bytes) => bytes.toString());
}

/** Whether it holds measurements, all of them text. */
export function isText(result: EnvelopeResult): result is readonly TextMeasurement[] {
  if ('refused' in result) return false;
  const [first] = result;
  return first !== undefined && 'text' in first;
}

function isPacked(item: readonly Head[] | EnvelopeResult): item is readonly Head[] {
  return !('refused' in item) && Array.isArray(item[0]);
}
