import type { AlarmBounds } from './bounds.ts';

/** Tells which changes of a flapping alarm go to the disk at once. */
export interface Calm {
  /** Whether this change may go at once; `now` is lived time. */
  allows(key: string, now: number): boolean;
}

/** A bucket per alarm: `burst` changes at once, one more after each rest. An alarm that rested is forgotten. */
export function openCalm({ burst, restMs }: Pick<AlarmBounds, 'burst' | 'restMs'>): Calm {
  const used = new Map<string, { level: number; at: number }>();
  let sweptAt = 0;
  const sweep = (now: number): void => {
    if (now - sweptAt < restMs) return;
    sweptAt = now;
    for (const [key, { level, at }] of used) if (now - at >= level * restMs) used.delete(key);
  };
  return {
    allows(key, now) {
      sweep(now);
      const { level, at } = used.get(key) ?? { level: 0, at: now };
      const left = Math.max(0, level - (now - at) / restMs);
      const allowed = left + 1 <= burst;
      used.set(key, { level: allowed ? left + 1 : left, at: now });
      return allowed;
    },
  };
}
