import type { Notes } from './ledger.ts';
import type { DeviceCounts } from './log.ts';
import { TallyBook, tallyStored } from './tally-book.ts';

/**
 * What the commits since the last fold did to the ledger, so that a fold need not read the tail of the log again. It holds
 * one number per device and one line per other change, until the fold.
 */
export interface UnfoldedTail {
  /** Call it once the transaction is committed. */
  add(stored: readonly DeviceCounts[], notes: Notes | undefined): void;
  tallies(): TallyBook;
}

export function unfoldedTail(sinks: readonly string[]): UnfoldedTail {
  const stored = new Map<string, number>();
  const others = new TallyBook();
  return {
    add(all, notes) {
      for (const devices of all) {
        for (const [device, n] of devices) stored.set(device, (stored.get(device) ?? 0) + n);
      }
      others.addAll(notes?.t ?? []);
    },
    tallies() {
      const book = new TallyBook();
      tallyStored(book, [...stored], sinks);
      book.addAll(others.lines());
      return book;
    },
  };
}
