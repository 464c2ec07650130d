import type { Notes } from './ledger.ts';
import type { CommitRequest } from './protocol.ts';
import type { Staged } from './staged.ts';
import { TallyBook } from './tally-book.ts';

/** What a commit writes beside its records: counts that no record shows, and how far sinks have come. Undefined where it is nothing. */
export function notesOf(request: CommitRequest | undefined, staged: Staged): Notes | undefined {
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
  if (book.isEmpty && staged.cursors.size === 0) return undefined;
  return { t: book.lines(), c: [...staged.cursors.values()] };
}
