import type { Entry, NewDeadLetter, Outcome } from '../../contracts/pipeline.ts';
import type { Waiting } from './dispatcher.ts';
import { newDraft } from './draft.ts';
import type { Draft } from './draft.ts';
import type { Change } from './task.ts';

/** Who waits for an entry, with which answer. */
export interface Receiver {
  readonly waiting: Waiting;
  readonly outcome: Outcome;
}

/** An entry on its way to the buffer, and who waits for it. */
export interface Parcel {
  readonly entry: Entry;
  /** State in memory runs ahead of the disk until this is committed. */
  readonly touched: boolean;
  readonly owed: readonly Change[];
  readonly receivers: readonly Receiver[];
}

/**
 * Messages that leave nothing but records, in one entry. No statement of theirs can fail, so they share their fate
 * anyway, and one entry costs less than many, here and in the buffer.
 */
export interface Gathering<Message> {
  /** Adds a message. */
  take(waiting: Waiting, message: Message): Outcome;
  /** Adds a message that turned out to be one of them; says whether it is. */
  absorb(parcel: Parcel): boolean;
  /** What was gathered, once. */
  parcel(): Parcel | undefined;
}

export const nothing: readonly never[] = [];

/** `apply` leaves in the draft what becomes of a message. */
export function openGathering<Message>(
  dropped: Draft['dropped'],
  apply: (message: Message, draft: Draft) => void,
): Gathering<Message> {
  let draft = newDraft(dropped);
  let receivers: Receiver[] = [];
  return {
    take(waiting, message) {
      const { measurements, filtered } = draft;
      const [stored, left] = [measurements.length, filtered.length];
      apply(message, draft);
      const outcome = { stored: measurements.length - stored, filtered: filtered.length - left, deadLettered: 0 };
      receivers.push({ waiting, outcome });
      return outcome;
    },
    absorb({ entry, touched, receivers: more }) {
      if (entry.writes.length + entry.deadLetters.length > 0) return false;
      draft.measurements.push(...entry.measurements);
      draft.filtered.push(...entry.filtered);
      draft.touched ||= touched;
      receivers.push(...more);
      return true;
    },
    parcel() {
      if (receivers.length === 0) return undefined;
      const parcel = { entry: entryOf(draft, nothing, nothing), touched: draft.touched, owed: nothing, receivers };
      draft = newDraft(dropped);
      receivers = [];
      return parcel;
    },
  };
}

/** What the ordered steps left out of it is in an earlier one. */
export function entryOf(draft: Draft, deadLetters: readonly NewDeadLetter[], alongside: Entry['writes']): Entry {
  const { measurements, filtered, writes } = draft;
  const all = writes.length === 0 ? alongside : [...alongside, ...writes];
  return { measurements, filtered, deadLetters, writes: all, followsOn: true };
}
