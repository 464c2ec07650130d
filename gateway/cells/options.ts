import type { Logger } from 'pino';
import type { Clock } from '../lib/clock.ts';
import type { ModuleFence } from '../lib/module-fence.ts';
import type { CheckedShape } from '../lib/live-shape.ts';
import type { Confinement } from './confinement.ts';
import type { DeviceResource } from './device-guard.ts';
import type { Launch } from './launch.ts';
import type { PlannedHandles } from './handles/handle-broker.ts';

/** What a cell may use; bytes, milliseconds. The contract's `resources` say it, these are what an omission means. */
export interface CellLimits {
  /** V8's old space. */
  readonly heapBytes: number;
  /** Memory that is not shared with other processes, off-heap included. */
  readonly memoryBytes: number;
  /** Share of one CPU over ten seconds; undefined: bounded by the deadlines alone. */
  readonly cpu?: number | undefined;
  readonly startupMs: number;
  readonly callMs: number;
  /** One message from the cell. */
  readonly messageBytes: number;
  readonly messagesPerSecond: number;
  /** Of its answers; a cell that says more is asked less often. */
  readonly bytesPerSecond: number;
  /** So many ends of the process within the window; the next one is the last. */
  readonly restarts: { readonly max: number; readonly windowMs: number; readonly after: 'stop' | 'quarantine' };
  /** What an act beyond the contract costs. `report`: it is counted, and ends the process where nothing it says can be used. */
  readonly onViolation: 'report' | 'stop' | 'quarantine';
}

const MiB = 1024 * 1024;

export const defaultLimits: CellLimits = {
  heapBytes: 48 * MiB,
  memoryBytes: 96 * MiB,
  startupMs: 10_000,
  callMs: 2_000,
  messageBytes: 256 * 1024,
  messagesPerSecond: 5_000,
  bytesPerSecond: 256 * 1024,
  restarts: { max: 10, windowMs: 600_000, after: 'stop' },
  onViolation: 'report',
};

/** One admitted plugin that runs in a process of its own. */
export interface CellPlan {
  readonly name: string;
  /** Entry file, below `fence.root`: the tree in the content-addressed store. */
  readonly entry: string;
  readonly fence: ModuleFence;
  readonly config: unknown;
  readonly expected: CheckedShape;
  readonly limits: CellLimits;
  /** What the contract says of the device's values and commands. */
  readonly device?: readonly DeviceResource[] | undefined;
  /** Undefined: the contract grants nothing, and the plugin's `start` is never called. */
  readonly handles?: PlannedHandles | undefined;
}

export interface CellDeps {
  readonly log: Logger;
  readonly clock: Clock;
  /** What the kernel takes away from its process; undefined: its limits alone. */
  readonly confinement?: Confinement | undefined;
  /** Where its process is started from; undefined: from this one. */
  readonly launch?: Launch | undefined;
  /** A plugin that must not run again, at no start of the gateway, before somebody says so. */
  readonly onQuarantine?: ((plugin: string, why: string) => void) | undefined;
}
