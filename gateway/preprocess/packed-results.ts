import type { Scalar } from '../../contracts/message.ts';
import type { TextMeasurement } from '../../contracts/pipeline.ts';
import { laidTexts, layTexts, type TextRoom } from '../lib/text-room.ts';
import type { EnvelopeResult } from './task.ts';

/**
 * `EnvelopeResult[]` in two strings, which clone faster than objects (decision 0040). `json` is a `Packed`. `lines` holds
 * what the main thread need not read: the measurements that are text, one per line. Where they are long, `ends` says where
 * they lie in the room of the task.
 */
export type PackedResults = { readonly json: string; readonly lines: string } | { readonly ends: readonly number[] };

interface Packed {
  /**
   * Per envelope how many measurements that are text it has, or `untold`; after it per measurement device, source time or
   * null, the place of its shape, and as many values as that has keys.
   */
  readonly heads: readonly Scalar[];
  /** Those that came; the messages of one kind of device share one. */
  readonly shapes: readonly Shape[];
  /** The results that are no texts. */
  readonly rest: readonly EnvelopeResult[];
}

type Shape = Pick<TextMeasurement, 'cls' | 'kind' | 'keys'>;

const untold = -1;
/** Where the values begin in the head of a measurement. */
const headValues = 3;

export function packResults(results: readonly EnvelopeResult[], room?: TextRoom): PackedResults {
  const heads: Scalar[] = [];
  const written: string[] = [];
  const rest: EnvelopeResult[] = [];
  const { shapes, placeOf } = gatherShapes();
  for (const result of results) {
    if (!isText(result)) {
      heads.push(untold);
      rest.push(result);
      continue;
    }
    heads.push(result.length);
    for (const one of result) {
      written.push(one.text);
      heads.push(one.device, one.ts ?? null, placeOf(one), ...one.values);
    }
  }
  const json = JSON.stringify({ heads, shapes, rest } satisfies Packed);
  const lines = written.join('\n');
  const ends = room && layTexts([json, lines], room);
  return ends ? { ends } : { json, lines };
}

/** Reads the results back, in the order of their envelopes. */
export function unpackResults(packed: PackedResults, room?: TextRoom): readonly EnvelopeResult[] {
  const [json = '', lines = ''] = textsOf(packed, room);
  const { heads, shapes, rest } = JSON.parse(json) as Packed;
  const results: EnvelopeResult[] = [];
  const others = rest.values();
  const written = lines.split('\n').values();
  for (let at = 0; at < heads.length;) {
    const count = heads[at++] as number;
    if (count === untold) {
      results.push(others.next().value ?? []);
      continue;
    }
    const measurements: TextMeasurement[] = [];
    for (let index = 0; index < count; index++) {
      const { cls, kind, keys } = shapes[heads[at + 2] as number] as Shape;
      const end = at + headValues + keys.length;
      measurements.push({
        text: written.next().value ?? '',
        device: heads[at] as string,
        cls,
        kind,
        ts: (heads[at + 1] as number | null) ?? undefined,
        keys,
        values: heads.slice(at + headValues, end),
      });
      at = end;
    }
    results.push(measurements);
  }
  return results;
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

/** Each shape once, and where it stands. */
function gatherShapes(): { shapes: readonly Shape[]; placeOf: (shape: Shape) => number } {
  const shapes: Shape[] = [];
  const places = new Map<string, number>();
  let last = -1;
  const isAt = (place: number, { cls, kind, keys }: Shape): boolean => {
    const shape = shapes[place];
    if (shape === undefined || shape.cls !== cls || shape.kind !== kind || shape.keys.length !== keys.length)
      return false;
    return keys.every((key, index) => key === shape.keys[index]);
  };
  const placeOf = ({ cls, kind, keys }: Shape): number => {
    const shape = { cls, kind, keys };
    // Looking at the last one spares most messages the making of a name.
    if (isAt(last, shape)) return last;
    const name = [cls, kind, ...keys].join('\t');
    const known = places.get(name) ?? -1;
    // A key may hold the separator itself.
    last = isAt(known, shape) ? known : shapes.push(shape) - 1;
    places.set(name, last);
    return last;
  };
  return { shapes, placeOf };
}
