import { wayOf, type Way } from './plan.ts';
import type { Notice } from './tables.ts';

/** Who was told of which alarm, and when. */
export interface Told {
  /** `at` is lived time. */
  note(notice: Notice, at: number): void;
  /** When somebody was last told of the alarm over this way. */
  at(alarm: string, way: string): number | undefined;
  ways(alarm: string): Way[];
}

/** Remembers so many alarms; the oldest is forgotten. */
export function openTold(maxTold: number): Told {
  const byAlarm = new Map<string, Map<string, { readonly way: Way; readonly at: number }>>();
  return {
    note(notice, at) {
      const { alarm, who, channel, to } = notice;
      const ways = byAlarm.get(alarm.id) ?? new Map<string, { way: Way; at: number }>();
      ways.set(wayOf(notice), { way: { who, channel, to }, at });
      byAlarm.set(alarm.id, ways);
      const [first] = byAlarm.keys();
      if (byAlarm.size > maxTold && first !== undefined) byAlarm.delete(first);
    },
    at: (alarm, way) => byAlarm.get(alarm)?.get(way)?.at,
    ways: (alarm) => Array.from(byAlarm.get(alarm)?.values() ?? [], ({ way }) => way),
  };
}
