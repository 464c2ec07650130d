import type { Entry, Filtered } from '../../contracts/pipeline.ts';
import type { Write } from '../../contracts/table-set.ts';

/** An entry in the making. */
export interface Draft {
  readonly measurements: Entry['measurements'][number][];
  readonly filtered: Filtered[];
  readonly writes: Write[];
  /** Metrics left out of messages that were otherwise kept, by reason. */
  readonly dropped: Map<string, number>;
  /** State in memory runs ahead of the disk until this draft is committed. */
  touched: boolean;
}

export function newDraft(dropped: Map<string, number>): Draft {
  return { measurements: [], filtered: [], writes: [], dropped, touched: false };
}
