import { getTimes } from 'suncalc';

export type SunEvent = 'sunrise' | 'sunset' | 'dawn' | 'dusk' | 'noon';

const halfDayMs = 43_200_000;

/**
 * When the sun does something, on the day whose noon is near `nearNoonMs`. Where it does not rise or set that day, rise and
 * set are as far from noon as the day is long: half a day where it stays up, nothing where it stays down.
 */
export function sunTime(event: SunEvent, nearNoonMs: number, latitude: number, longitude: number): number {
  const times = getTimes(new Date(nearNoonMs), latitude, longitude);
  const noon = times.solarNoon.getTime();
  if (event === 'noon') return noon;
  const found = times[event]?.getTime();
  if (found !== undefined && Number.isFinite(found)) return found;
  const half = times.alwaysDown === true ? 0 : halfDayMs;
  return event === 'sunrise' || event === 'dawn' ? noon - half : noon + half;
}
