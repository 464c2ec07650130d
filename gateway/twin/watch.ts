import type { Append, Entry } from '../../contracts/pipeline.ts';
import { tell } from '../observability/channels.ts';
import { saidIn, type Said } from './metrics-in.ts';
import type { Traces } from './traces.ts';
import { ended, report, type Twin, type When } from './twin.ts';
import type { TwinBook } from './twin-book.ts';

export interface WatchParts {
  readonly book: TwinBook;
  /** Whether the registry has the device: no other one gets a twin. */
  readonly isKnown: (device: string) => boolean;
  readonly when: (source?: number) => When;
  readonly newTraces: () => Traces;
  /** The entry with what waits for the disk, and the way back when its commit failed. */
  readonly commit: (entry: Entry, traces: Traces, append: Append) => Promise<void>;
}

const nothing: Entry = { measurements: [], filtered: [], deadLetters: [], writes: [] };

/**
 * An `append` under which twins follow what is committed, in the same transaction. A device that the registry is to
 * know by this very message gets its twin right behind it, before the acknowledgement. A message that says nothing of a
 * twin costs a look at its list of keys.
 */
export function watchForTwins(append: Append, { book, isKnown, when, newTraces, commit }: WatchParts): Append {
  const take = ({ device, metrics }: Said, at: When, traces: Traces): void => {
    const twin = book.of(device);
    for (const [metric, value] of metrics) takeMetric(twin, [metric, value], at, traces);
  };
  const takeLater = async (early: readonly (readonly [Said, When])[]): Promise<void> => {
    const traces = newTraces();
    for (const [said, at] of early) if (isKnown(said.device)) take(said, at, traces);
    if (!traces.isEmpty) await commit(nothing, traces, append);
  };
  return (entry) => {
    const traces = newTraces();
    const early: (readonly [Said, When])[] = [];
    for (const one of entry.measurements) {
      if ('result' in one && one.result !== undefined) {
        const { result, dev } = one;
        const twin = book.get(dev.id);
        if (twin !== undefined) traces.collect(twin, (note) => ended(twin, result, note));
        continue;
      }
      const said = saidIn(one);
      if (said === undefined) continue;
      const at = when(said.source);
      if (book.get(said.device) !== undefined || isKnown(said.device)) take(said, at, traces);
      else early.push([said, at]);
    }
    const stored = commit(entry, traces, append);
    return early.length === 0 ? stored : stored.then(() => takeLater(early));
  };
}

function takeMetric(twin: Twin, [metric, value]: Said['metrics'][number], at: When, traces: Traces): void {
  const outcome = traces.collect(twin, (note) => report(twin, metric, value, at, note));
  if (outcome === 'saved') traces.keep(twin);
  if (outcome === 'older' || outcome === 'full') tell('dropped', { stage: 'twin', reason: outcome, count: 1 });
}
