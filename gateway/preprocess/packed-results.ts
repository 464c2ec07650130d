import type { RecordClass } from '../../contracts/message.ts';
import type { WrittenMeasurement } from '../../contracts/pipeline.ts';
import type { EnvelopeResult } from './task.ts';

/**
 * `EnvelopeResult[]` in few strings, which clone faster than objects (decision 0040). `json` holds one item per
 * envelope: its result, or the number of its measurements that are written: the next lines of `lines`, whose devices
 * and classes are the next pairs of `owners`.
 */
export interface PackedResults {
  readonly json: string;
  readonly lines: string;
  readonly owners: readonly string[];
}

export function packResults(results: readonly EnvelopeResult[]): PackedResults {
  const lines: string[] = [];
  const owners: string[] = [];
  const items = results.map((result) => {
    if (!isWritten(result)) return result;
    for (const { text, device, cls } of result) {
      lines.push(text);
      owners.push(device, cls);
    }
    return result.length;
  });
  return { json: JSON.stringify(items), lines: lines.join('\n'), owners };
}

/** Reads the results back, in the order of their envelopes. */
export function unpackResults({ json, lines, owners }: PackedResults): readonly EnvelopeResult[] {
  const texts = lines.split('\n');
  let next = 0;
  const take = (): WrittenMeasurement => {
    const at = next++;
    return { text: texts[at] ?? '', device: owners[2 * at] ?? '', cls: owners[2 * at + 1] as RecordClass };
  };
  return (JSON.parse(json) as readonly (number | EnvelopeResult)[]).map((item) =>
    typeof item === 'number' ? Array.from({ length: item }, take) : item,
  );
}

function isWritten(result: EnvelopeResult): result is readonly WrittenMeasurement[] {
  if ('refused' in result) return false;
  const [first] = result;
  return first === undefined || 'text' in first;
}
