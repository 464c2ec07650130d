const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const exactClock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const number = (value: number): string => numbers.format(value);

/** "1 device", "3 devices". */
export const counted = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`;

/** Today as a time of day, else with the day. */
export function when(ms: number): string {
  const isToday = new Date(ms).toDateString() === new Date().toDateString();
  return (isToday ? clock : dayAndClock).format(ms);
}

export const timeOfDay = (ms: number): string => exactClock.format(ms);
export const whenExactly = (ms: number): string => exact.format(ms);

const spans: readonly (readonly [unit: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** A length of time in its two largest units: "3 days 4 hours". */
export function span(ms: number): string {
  const at = spans.findIndex(([, size]) => ms >= size);
  if (at === -1) return 'less than a second';
  const [unit, size] = spans[at] ?? ['second', 1000];
  const whole = Math.floor(ms / size);
  const [next, nextSize] = spans[at + 1] ?? [undefined, 1];
  const rest = Math.floor((ms - whole * size) / nextSize);
  return next === undefined || rest === 0 ? counted(whole, unit) : `${counted(whole, unit)} ${counted(rest, next)}`;
}

export function ago(ms: number, now = Date.now()): string {
  const passed = now - ms;
  return passed < 5000 ? 'just now' : `${span(passed).split(' ').slice(0, 2).join(' ')} ago`;
}

/** `battery_low` as people write it. */
export const plain = (word: string): string => word.replaceAll('_', ' ');
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const sizes = ['bytes', 'KB', 'MB', 'GB', 'TB'];
export function bytes(n: number): string {
  const step = n < 1000 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log10(n) / 3));
  return `${number(Math.round((n / 1000 ** step) * 10) / 10)} ${sizes[step]}`;
}
