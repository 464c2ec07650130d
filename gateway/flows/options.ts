import type { Allowance } from './wire-names.ts';

export interface FlowsOptions {
  /** `child`: a process of the gateway's own. `service`: a unit of systemd starts it when the socket is there. */
  readonly process: 'child' | 'service';
  /** Of the socket; nobody else may read it. */
  readonly folder: string;
  /** Where nodes may read and write files, when files are allowed. */
  readonly filesFolder: string;
  /** Memory of its own that Node-RED's process may use; above, it is ended and started again. */
  readonly memoryBytes: number;
  readonly allow: readonly Allowance[];
  readonly credentialSecret: string;
  readonly timeZone: string;
}

/** Bounds that nobody needs to change. */
export const times = {
  /** From the start until Node-RED has joined: the slowest board reads everything from a slow card. */
  joinMs: 180_000,
  /** It is asked so often whether it lives, and must have answered until the next time but one. */
  pingMs: 10_000,
  lookMs: 1_000,
  /** After the order to stop. */
  stopMs: 3_000,
} as const;
