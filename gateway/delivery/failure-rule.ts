/** What a sink that writes batches does after one kind of trouble. */
export interface FailureRule {
  /** `split` writes halves until one record is alone, and that one is rejected. */
  readonly effect: 'keep' | 'split';
  readonly pause?: 'transient' | 'stopped';
  /** Told as an alarm, with the sentence a person needs. */
  readonly alarm?: { readonly code: string; readonly detail: string };
}
