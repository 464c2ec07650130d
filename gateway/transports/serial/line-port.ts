import type { Clock } from '../../lib/clock.ts';
import { tell } from '../../observability/channels.ts';
import type { Feed } from '../feed.ts';
import { identityOf } from './adapters.ts';
import type { SerialDevice } from './device.ts';
import { framer, type Cut, type Framing } from './framing.ts';
import type { PortEvents } from './keep-open.ts';
import { serialLimits, type SerialPortOptions } from './options.ts';

export interface LinePort extends Disposable {
  readonly events: PortEvents;
}

/**
 * A line where devices speak by themselves: each message becomes an envelope of the topic `serial/<name>`. While ingest
 * has no room the device is not read. A message that was cut off by a lost port is dropped, and told.
 */
export function linePort(
  options: SerialPortOptions,
  framing: Framing,
  { feed, clock }: { feed: Feed; clock: Clock },
): LinePort {
  const client = identityOf(options.adapter);
  let cutter = framer(framing, serialLimits.maxFrameBytes);
  let device: SerialDevice | undefined;
  let silence: NodeJS.Timeout | undefined;

  const pass = ({ frames, overlong, torn }: Cut): void => {
    if (overlong > 0) tell('dropped', { stage: 'serial', reason: 'frame-too-long', count: overlong });
    if (torn > 0) tell('dropped', { stage: 'serial', reason: 'frame-torn', count: torn });
    for (const payload of frames) {
      const envelope = { topic: `serial/${options.name}`, payload, retain: false, receivedAt: clock.wallMs() };
      if (feed.offer({ transport: 'serial', client, ...envelope })) continue;
      tell('dropped', { stage: 'serial', reason: 'no-room', count: 1 });
    }
  };
  const holdBack = async (reading: SerialDevice): Promise<void> => {
    reading.pause();
    await feed.room();
    if (device === reading) reading.resume();
  };

  return {
    events: {
      onOpen(opened) {
        device = opened;
        cutter = framer(framing, serialLimits.maxFrameBytes);
      },
      onData(bytes) {
        pass(cutter.push(bytes));
        if (feed.isNearlyFull() && device !== undefined) void holdBack(device);
        if (cutter.silenceMs === undefined) return;
        clearTimeout(silence);
        silence = setTimeout(() => pass(cutter.silence()), cutter.silenceMs);
      },
      onClosed() {
        device = undefined;
        clearTimeout(silence);
      },
    },
    [Symbol.dispose]() {
      device = undefined;
      clearTimeout(silence);
    },
  };
}
