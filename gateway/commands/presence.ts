import type { Measurement } from '../../contracts/message.ts';
import type { Clock } from '../lib/clock.ts';

/** Devices of which it is remembered that they said goodbye. */
const maxAway = 10_000;

/** Which devices may be acted on now. */
export interface Presence {
  note(message: Measurement): void;
  mayAct(device: string): boolean;
}

/** Nothing may be acted on in the quiet period after a start; later every device that did not say that it is away. */
export function openPresence(quietMs: number, clock: Clock): Presence {
  const quietUntil = clock.monoMs() + quietMs;
  const away = new Set<string>();
  return {
    note({ kind, dev, m }) {
      if (kind !== 'availability') return;
      const present = m.find(({ n }) => n === 'availability')?.vb;
      if (present === true) away.delete(dev.id);
      if (present !== false) return;
      const [oldest] = away;
      if (away.size >= maxAway && oldest !== undefined) away.delete(oldest);
      away.add(dev.id);
    },
    mayAct: (device) => clock.monoMs() >= quietUntil && !away.has(device),
  };
}
