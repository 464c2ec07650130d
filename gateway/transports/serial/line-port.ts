import type { Clock } from '../../lib/clock.ts';
import { tell } from '../../observability/channels.ts';
import type { Feed } from '../feed.ts';
import { identityOf } from './adapters.ts';
import type { SerialDevice } from './device.ts';
import { framer, type Cut, type Framer, type Framing } from './framing.ts';
import type { PortEvents } from './keep-open.ts';
import { serialLimits, type SerialPortOptions } from './options.ts';

export interface LinePort extends Disposable {
  readonly events: PortEvents;
}

/**
 * A line where devices speak by themselves: each message becomes an envelope of the topic `serial/<name>`. While ingest
 * has no room the device is not read. A message that was cut off by a lost port, or was under way when the port was opened, is
 * dropped, and told.
 */
export function linePort(
  options: SerialPortOptions,
  framing: Framing,
  { feed, clock }: { feed: Feed; clock: Clock },
): LinePort {
  const client = identityOf(options.adapter);
  let openedAt = 0;
  let cutter: Framer | undefined;
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
  const begin = (): Framer => {
    const underWay = clock.monoMs() - openedAt < serialLimits.underWayMs;
    return framer(framing, serialLimits.maxFrameBytes, underWay);
  };
  const end = (): void => {
    device = undefined;
    clearTimeout(silence);
    if (cutter !== undefined) pass(cutter.end());
    cutter = undefined;
  };

  return {
    events: {
      onOpen(opened) {
        device = opened;
        openedAt = clock.monoMs();
      },
      onData(bytes) {
        const cutting = (cutter ??= begin());
        pass(cutting.push(bytes));
        if (feed.isNearlyFull() && device !== undefined) void holdBack(device);
        if (cutting.silenceMs === undefined) return;
        clearTimeout(silence);
        silence = setTimeout(() => pass(cutting.silence()), cutting.silenceMs);
      },
      onClosed: end,
    },
    [Symbol.dispose]: end,
  };
}
