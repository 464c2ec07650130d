import type { Notice } from '../tables.ts';

/** One message to one recipient. `id` is its idempotency key: it stays when the same is sent again. */
export interface Letter {
  readonly id: string;
  readonly to: string;
  readonly notices: readonly [Notice, ...Notice[]];
}

/**
 * What became of a letter. `taken`: the far side has it. `refused`: it will never take this one. `later`: not now, this
 * recipient. `away`: the far side or the account; nothing else is tried there for a while. `why` is a sentence without secrets.
 */
export type SendResult =
  | { readonly is: 'taken' }
  | { readonly is: 'refused' | 'later'; readonly why: string }
  | { readonly is: 'away'; readonly why: string; readonly forMs?: number | undefined };

/** A far side that tells people something. `send` rejects only for faults of our own. */
export interface Channel extends AsyncDisposable {
  /** Several notices may go in one letter; a machine gets each on its own. */
  readonly combines: boolean;
  send(letter: Letter, signal: AbortSignal): Promise<SendResult>;
}
