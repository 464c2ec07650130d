import type { CommandPort, CommandState, CommandStatus, NewCommand } from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';

export interface MemoryCommands extends CommandPort {
  /** What was kept, once per id, in order. */
  readonly kept: NewCommand[];
  /** How often anything was handed over. */
  submits: number;
  /** Names that no device has. */
  readonly unknown: Set<string>;
  /** Refuses the next submits, as a full queue does. */
  overloaded: number;
  end(id: string, state: CommandState): void;
}

/** The commands of the gateway as their sources see them, in memory: at most once per id. */
export function memoryCommands(): MemoryCommands {
  const states = new Map<string, CommandStatus>();
  const port: MemoryCommands = {
    kept: [],
    submits: 0,
    unknown: new Set(),
    overloaded: 0,
    end: (id, state) => {
      const known = states.get(id);
      if (known === undefined) throw new Error(`no command ${id}`);
      states.set(id, { ...known, state });
    },
    status: async (id) => states.get(id),
    submit: async (command) => {
      port.submits += 1;
      const known = states.get(command.id);
      if (known !== undefined) return known;
      if (port.overloaded > 0) {
        port.overloaded -= 1;
        throw new PortcullisError('OVERLOADED', 'Too many commands wait.');
      }
      if (port.unknown.has(command.name)) throw new PortcullisError('COMMAND_INVALID', 'The device cannot do that.');
      const { id, device, name, source } = command;
      const status: CommandStatus = { id, device, name, source, state: 'accepted' };
      states.set(id, status);
      port.kept.push(command);
      return status;
    },
  };
  return port;
}
