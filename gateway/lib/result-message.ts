import type { CommandResult, Measurement } from '../../contracts/message.ts';

/** The end of a command as a message of its device; `src` is who ended it. */
export function resultMessage(
  device: string,
  src: Measurement['src'],
  result: CommandResult,
  nowMs: number,
): Measurement {
  return {
    kind: 'result',
    cls: 'event',
    dev: { id: device },
    ts: nowMs,
    rts: nowMs,
    clk: 'gateway',
    src,
    m: [],
    result,
  };
}
