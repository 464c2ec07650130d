import type { Measurement } from '../../contracts/message.ts';
import type { Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';

/** Devices of which it is remembered that they said goodbye. */
const maxAway = 10_000;

/** Which devices may be acted on now. */
export interface Presence {
  /** Returns what has to be kept of it: a device that left is away in the next life too. */
  note(message: Measurement): readonly Write[];
  mayAct(device: string): boolean;
}

/**
 * Nothing may be acted on in the quiet period after a start; later every device that did not say that it is away, in
 * this life or before (`saved`, the longest away first).
 */
export function openPresence(quietMs: number, clock: Clock, saved: readonly string[]): Presence {
  const quietUntil = clock.monoMs() + quietMs;
  const away = new Set(saved);
  const back = (device: string): Write => {
    away.delete(device);
    return { statement: 'commands.back', params: [device] };
  };
  return {
    note({ kind, dev: { id }, m }) {
      const present = kind === 'availability' ? m.find(({ n }) => n === 'availability')?.vb : undefined;
      if (present === undefined || present === !away.has(id)) return [];
      if (present) return [back(id)];
      const [oldest] = away;
      const forgotten = away.size >= maxAway && oldest !== undefined ? [back(oldest)] : [];
      away.add(id);
      return [...forgotten, { statement: 'commands.away', params: [id] }];
    },
    mayAct: (device) => clock.monoMs() >= quietUntil && !away.has(device),
  };
}
