import type { Notes } from './ledger.ts';
import type { NumberedCommit } from './protocol.ts';
import type { Staged } from './staged.ts';
import { TallyBook } from './tally-book.ts';

/**
 * What a commit writes beside its records: its number, counts that no record shows, and how far sinks have come. Undefined for
 * writes of the stages alone: a row for their number would cost a page, and their owners may repeat them.
 */
export function notesOf(request: NumberedCommit | undefined, staged: Staged): Notes | undefined {
  const book = new TallyBook();
  for (const [device, reason, n] of request?.filtered ?? []) {
    book.add(device, '', 'accepted', n);
    book.add(device, '', 'filtered', n, reason);
  }
  for (const letter of request?.deadLetters ?? []) {
    book.add(letter.device, '', 'accepted', 1);
    book.add(letter.device, '', 'refused', 1, letter.code);
  }
  book.addAll(staged.book.lines());
  const [t, c] = [book.lines(), [...staged.cursors.values()]];
  const counts = (request?.lanes.length ?? 0) + t.length > 0;
  if (!counts && c.length === 0) return undefined;
  return {
    ...(request && counts && { n: request.n }),
    ...(t.length > 0 && { t }),
    ...(c.length > 0 && { c }),
  };
}
