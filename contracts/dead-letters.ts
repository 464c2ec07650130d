/** A dead letter as it is told of. `sink` is empty for one that was refused before it was stored. Times are milliseconds. */
export interface DeadLetterFacts {
  readonly id: number;
  readonly sink: string;
  readonly device: string;
  readonly plugin: string;
  readonly topic: string;
  readonly code: string;
  readonly detail: string;
  readonly receivedAt: number;
  /** When it was taken again. */
  readonly replayedAt: number | null;
}

/** Dead letters with the same reason, of the same plugin and sink; `newest` is in milliseconds. */
export interface DeadLetterGroup {
  readonly sink: string;
  readonly plugin: string;
  readonly code: string;
  readonly n: number;
  readonly replayable: number;
  readonly replayed: number;
  readonly newest: number;
}
