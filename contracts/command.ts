import { z } from 'zod';
import type { CommandResult } from './message.ts';

/** Who may ask for something to be done. */
export const commandSources = ['api', 'cloud', 'kafka', 'rules', 'flows'] as const;
export type CommandSource = (typeof commandSources)[number];

/**
 * A wish to a device as its source hands it over. `id` is the source's own and makes it happen at most once: a second
 * one with the same id does nothing and gets the state of the first. `ttlMs` counts from acceptance in time that the
 * gateway lived, never in wall time. Higher `priority` goes first, per device.
 */
export const newCommandSchema = z.strictObject({
  id: z.string().min(1).max(128),
  device: z.string().min(1).max(256),
  name: z.string().min(1).max(64),
  args: z.record(z.string().max(64), z.json()),
  source: z.enum(commandSources),
  /** Who it was within the source: a rule, a flow, a user. */
  origin: z.string().min(1).max(128).optional(),
  priority: z.int().min(0).max(9).default(4),
  ttlMs: z
    .int()
    .min(100)
    .max(7 * 86_400_000)
    .default(30_000),
  /** How long ago it was asked for, by the source's own clock, where it came late: what was asked for since then wins. */
  ageMs: z.int().nonnegative().optional(),
});
export type NewCommand = z.infer<typeof newCommandSchema>;

/** `queued` waits for a device that is offline or for the quiet period after a start; the last three are final. */
export const commandStates = ['accepted', 'queued', 'sent', 'acked', 'failed', 'expired'] as const;
export type CommandState = (typeof commandStates)[number];

export interface CommandStatus extends Pick<CommandResult, 'origin' | 'code' | 'detail'> {
  readonly id: string;
  readonly device: string;
  readonly name: string;
  readonly source: CommandSource;
  readonly state: CommandState;
}

/**
 * The way back, as every source sees it. `submit` resolves when the command is durable, not when it was done: the end of
 * it is a message of the kind `result` in the log, which every sink gets. It rejects with COMMAND_INVALID for what can never be
 * done and OVERLOADED when too many wait; then nothing was kept.
 */
export interface CommandPort {
  submit(command: NewCommand): Promise<CommandStatus>;
  status(id: string): Promise<CommandStatus | undefined>;
}

/** The commands as the twins, which bring wishes to devices, see them. */
export interface CommandDesk extends CommandPort {
  /** Rejects with COMMAND_INVALID for what can never be done; keeps nothing. */
  check(command: Pick<NewCommand, 'device' | 'name' | 'args'>): Promise<void>;
  /** Those of a device that have not ended: they may still change it. */
  underWay(device: string): readonly Pick<NewCommand, 'id' | 'name' | 'args'>[];
  /** Ends those of the chosen commands that have not gone out, as failed with CONFLICT. Returns at once. */
  withdraw(isUnwanted: (command: Pick<NewCommand, 'id' | 'device'>) => boolean): void;
}
