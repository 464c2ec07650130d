import type { Measurement } from './message.ts';

/** A message of the gateway itself about a device, made by the stage `topic`. */
export function ownMessage(
  device: string,
  topic: string,
  nowMs: number,
  rest: Pick<Measurement, 'kind' | 'cls' | 'change' | 'result' | 'alarm' | 'place'>,
): Measurement {
  return {
    dev: { id: device },
    ts: nowMs,
    rts: nowMs,
    clk: 'gateway',
    src: { proto: 'gateway', topic },
    m: [],
    ...rest,
  };
}
