// Numbers and times are written as the words around them are, in English, with a clock of 24 hours. Not with `Intl`: on a
// slow phone its first use takes longer than all of home.

/** With at most two decimals: "1,234.5". */
export function number(value: number): string {
  const [whole = '', rest] = String(Math.round(value * 100) / 100).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** "1 device", "3 devices". */
export const counted = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const two = (n: number): string => String(n).padStart(2, '0');
const clock = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;
const clockToSecond = (at: Date): string => `${clock(at)}:${two(at.getSeconds())}`;
const day = (at: Date): string => `${at.getDate()} ${months[at.getMonth()]}`;

/** Today as a time of day, else with the day: "3 Mar, 15:04". */
export function when(ms: number): string {
  const at = new Date(ms);
  return at.toDateString() === new Date().toDateString() ? clock(at) : `${day(at)}, ${clock(at)}`;
}

/** "15:04:05.678". */
export function timeOfDay(ms: number): string {
  const at = new Date(ms);
  return `${clockToSecond(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** "3 Mar 2026, 15:04:05". */
export function whenExactly(ms: number): string {
  const at = new Date(ms);
  return `${day(at)} ${at.getFullYear()}, ${clockToSecond(at)}`;
}

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
