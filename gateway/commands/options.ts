import type { Logger } from 'pino';
import type { EncodedCommand } from '../../contracts/command-proof.ts';
import type { LiveView } from '../../contracts/live.ts';
import type { Append } from '../../contracts/pipeline.ts';
import type { CommandRequest, Outbound } from '../../contracts/plugin.ts';
import type { DeviceDirectory } from '../../contracts/registry.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { CommandLimits } from './limits.ts';

export interface CommandBounds {
  /** Commands that have not ended, in all and of one device. */
  readonly maxOpen: number;
  readonly maxPerDevice: number;
  /** Ended commands that are remembered; an id that was forgotten would act again. */
  readonly maxEnded: number;
  readonly endedAgeMs: number;
}

export const defaultBounds: CommandBounds = {
  maxOpen: 1_000,
  maxPerDevice: 50,
  maxEnded: 10_000,
  endedAgeMs: 30 * 86_400_000,
};

/** Moments at which a fault test ends the process. */
export type CommandMoment = 'accepted' | 'queued' | 'acted' | 'sent' | 'published' | 'proved' | 'ended';

export interface CommandOptions {
  /** What rules may not go beyond; nothing where it is left out. */
  readonly limits?: CommandLimits;
  /** Nothing is sent for so long after a start. */
  readonly quietMs: number;
  readonly bounds?: Partial<CommandBounds>;
  /** `before-commit` breaks the promise on purpose, so that a fault test can show that it would notice. */
  readonly act?: 'after-commit' | 'before-commit';
  readonly onMoment?: (moment: CommandMoment, id: string) => void;
}

/** The commands of a plugin, as it describes itself. */
export interface CommandPlugin {
  readonly name: string;
  readonly proto: string;
  readonly commands: readonly { readonly name: string; readonly idempotent: boolean }[];
}

export interface CommandDeps {
  readonly append: Append;
  readonly store: TableStore;
  readonly live: LiveView;
  readonly directory: Pick<DeviceDirectory, 'find'>;
  readonly plugins: () => readonly CommandPlugin[];
  /** Rejects with COMMAND_INVALID for what the plugin cannot say to this device. */
  readonly encode: (plugin: string, command: string, request: CommandRequest) => Promise<EncodedCommand<Outbound>>;
  /** Whether somebody is there now to hear a topic. */
  readonly reaches: (topic: string) => boolean;
  /** Rejects with COMMAND_INVALID when the device itself refuses; any other failure is tried again like silence. */
  readonly publish: (outbound: Outbound) => Promise<unknown>;
  /** From now on everything is kept that a device says of which this is true, also what repeats. */
  readonly heed: (isAwaited: (device: string) => boolean) => void;
  readonly log: Logger;
  readonly clock: Clock;
}
