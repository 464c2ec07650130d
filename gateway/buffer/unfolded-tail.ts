import { cursorKey, type Notes, type Unfolded } from './ledger.ts';
import type { DeviceCounts } from './batch.ts';
import { TallyBook, tallyStored } from './tally-book.ts';

/**
 * What the commits since the last fold did to ledger and cursors, so that neither a fold nor a look at them reads the tail of
 * the log again. It holds one number per device and one line per other change, until the fold.
 */
export interface UnfoldedTail {
  /** Call it once the transaction is committed. */
  add(stored: readonly DeviceCounts[], notes: Notes | undefined): void;
  read(): Pick<Unfolded, 'tallies' | 'cursors'>;
}

export function unfoldedTail(sinks: readonly string[]): UnfoldedTail {
  const stored = new Map<string, number>();
  const others = new TallyBook();
  const cursors = new Map<string, number>();
  return {
    add(all, notes) {
      for (const devices of all) {
        for (const [device, n] of devices) stored.set(device, (stored.get(device) ?? 0) + n);
      }
      others.addAll(notes?.t ?? []);
      for (const [sink, lane, lsn] of notes?.c ?? []) cursors.set(cursorKey(sink, lane), lsn);
    },
    read() {
      const tallies = new TallyBook();
      tallyStored(tallies, [...stored], sinks);
      tallies.addAll(others.lines());
      return { tallies, cursors };
    },
  };
}
