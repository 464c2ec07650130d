import type { CommandProof } from './command-proof.ts';
import type { Envelope, Outbound, Reading } from './plugin.ts';

/**
 * The port between ingest and a plugin that runs in a process of its own. Whatever happens in the cell, a call is
 * answered by a value, within the deadlines of the plugin's contract: nothing a cell does reaches ingest as a throw.
 */
export interface PluginCell {
  readonly name: string;
  readonly described: CellDescription;
  /** Waits while the cell restarts and gives the number of its process, 1 for the first; undefined: quarantined or closed. */
  ready(): Promise<number | undefined>;
  /** One call to the process of that number; another process answers `crashed`, because it knows nothing yet. */
  call(call: CellCall, life: number): Promise<CellAnswer | CellRefusal | CellFailure>;
}

export interface CellDescription {
  readonly proto: string;
  readonly topics: readonly string[];
  readonly teaches: readonly string[];
  readonly commands: readonly { readonly name: string; readonly idempotent: boolean; readonly args: unknown }[];
}

/** One change of what the plugin knows: `json` is the value's text, absent when the key is forgotten. */
export interface CellLesson {
  readonly key: string;
  readonly json?: string | undefined;
}

export type CellCall =
  /** Brings the cell's knowledge up to date; with `full` it forgets what it had. */
  | { readonly is: 'know'; readonly full: boolean; readonly changes: readonly CellLesson[] }
  /** Which topics the plugin's knowledge claims. */
  | { readonly is: 'claims' }
  | { readonly is: 'decode'; readonly envelope: Envelope; readonly teaches: boolean }
  | { readonly is: 'encode'; readonly command: string; readonly device: string; readonly args: unknown };

/** The answer's kind belongs to the call's: know-known, claims-claims, decode-decoded, encode-encoded. */
export type CellAnswer =
  | { readonly is: 'known' }
  | { readonly is: 'claims'; readonly topics: readonly string[] }
  /** What the plugin learnt is already in the cell's own knowledge. `failed`: decode threw after learn had worked. */
  | {
      readonly is: 'decoded';
      readonly readings: readonly Reading[];
      readonly lessons: readonly CellLesson[];
      readonly failed?: string | undefined;
    }
  | { readonly is: 'encoded'; readonly outbound: readonly Outbound[]; readonly proof?: CommandProof | undefined };

/** The call ended and is not worth repeating: the plugin threw, or its answer broke the schema (PC-R204). */
export interface CellRefusal {
  readonly is: 'refused';
  readonly code: string;
  readonly detail: string;
  /** Code or class name of what the plugin threw. */
  readonly error?: string | undefined;
}

/** The process died under the call or did not answer in time; it is being replaced. */
export interface CellFailure {
  readonly is: 'crashed' | 'hung';
  readonly detail: string;
}
