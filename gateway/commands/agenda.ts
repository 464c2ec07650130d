import { commandStates, type CommandState } from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { tell } from '../observability/channels.ts';
import type { CommandBounds } from './options.ts';
import { awaitedAfterStart, type Awaited, type Said } from './proof.ts';
import type { Command } from './tables.ts';
import { isFinal } from './transitions.ts';

/** A command that has not ended, with what only memory needs of it. */
export interface OpenCommand {
  readonly command: Command;
  readonly plugin: string;
  readonly idempotent: boolean;
  sentMs: number;
  /** What shows that it was done; undefined while nothing can. */
  awaited: Awaited | undefined;
  said: Said;
  /** The reason that came with a refusal. */
  why?: string;
  /** Nobody wants it any more: it ends, unless it has gone out. */
  unwanted: boolean;
  /** A step of it is being encoded or committed. */
  busy: boolean;
}

/** The open commands, by device. */
export interface Agenda {
  readonly size: number;
  add(open: OpenCommand): void;
  remove(open: OpenCommand): void;
  count(): ReadonlyMap<CommandState, number>;
  devices(): readonly string[];
  of(device: string): readonly OpenCommand[];
  /** Whether a command of the device is out and its answer is waited for. Asked for each message that comes in. */
  awaits(device: string): boolean;
  /** Throws OVERLOADED. */
  makeSure(device: string): void;
}

export function openAgenda({ maxOpen, maxPerDevice }: CommandBounds): Agenda {
  const byId = new Map<string, OpenCommand>();
  const byDevice = new Map<string, OpenCommand[]>();
  const of = (device: string): readonly OpenCommand[] => byDevice.get(device) ?? [];
  return {
    get size() {
      return byId.size;
    },
    add(open) {
      byId.set(open.command.id, open);
      byDevice.set(open.command.device, [...of(open.command.device), open].toSorted(inTurn));
    },
    remove(open) {
      byId.delete(open.command.id);
      const rest = of(open.command.device).filter((one) => one !== open);
      if (rest.length > 0) byDevice.set(open.command.device, rest);
      else byDevice.delete(open.command.device);
    },
    count: () => {
      const states = new Map(commandStates.filter((state) => !isFinal(state)).map((state) => [state, 0]));
      for (const { command } of byId.values()) states.set(command.state, (states.get(command.state) ?? 0) + 1);
      return states;
    },
    devices: () => [...byDevice.keys()],
    of,
    awaits: (device) => byId.size > 0 && of(device).some(({ awaited }) => awaited !== undefined),
    makeSure(device) {
      if (byId.size < maxOpen && of(device).length < maxPerDevice) return;
      tell('rejected', { stage: 'commands', reason: 'overloaded', count: 1 });
      throw new PortcullisError('OVERLOADED', 'Too many commands wait; send again later.');
    },
  };
}

/** The higher priority first, then the order of acceptance. */
function inTurn({ command: one }: OpenCommand, { command: other }: OpenCommand): number {
  return other.priority - one.priority || one.n - other.n;
}

/** A command of an earlier life that had gone out is proved by the state it wanted alone: any message proves nothing. */
export function afterStart(command: Command, plugin: string, idempotent: boolean, nowMs: number): OpenCommand {
  const awaited = command.state === 'sent' ? awaitedAfterStart(command.name, command.args) : undefined;
  return { command, plugin, idempotent, sentMs: nowMs, awaited, said: 'nothing', unwanted: false, busy: false };
}
