import type { CommandResult, Measurement } from '../../contracts/message.ts';
import { statusOf, type Command } from './tables.ts';

/** The end of a command as a message of its device; it commits together with the state that it tells. */
export function resultOf(command: Command, nowMs: number): Measurement {
  const { id, device, state, ...rest } = statusOf(command);
  return {
    kind: 'result',
    cls: 'event',
    dev: { id: device },
    ts: nowMs,
    rts: nowMs,
    clk: 'gateway',
    src: { proto: 'gateway', topic: 'commands' },
    m: [],
    result: { command: id, state: state as CommandResult['state'], ...rest },
  };
}
