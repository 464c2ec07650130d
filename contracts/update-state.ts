/** The releases of this machine, and what becomes of them. */
export interface UpdateState {
  /** Whether this machine keeps releases beside each other; else its package manager, or whoever made it, changes them. */
  readonly hasSlots: boolean;
  readonly current?: string;
  /** Kept for the way back. */
  readonly kept: readonly string[];
  readonly trial?: { readonly from: string; readonly to: string };
  /** Asked for, and not begun yet. */
  readonly isWanted: boolean;
  /** How the last one ended, in a sentence. */
  readonly last?: { readonly at: number; readonly said: string };
}
