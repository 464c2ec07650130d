import type { ByteReader, ByteWriter } from './byte-coding.ts';

/** Decimals that are tried before a column is written as doubles. */
const mostDecimals = 6;
const powers = Array.from({ length: mostDecimals + 1 }, (_, n) => 10 ** n);
/** A scaled value up to here leaves room for a difference of two, and for its sign. */
const largest = 2 ** 50;
const asDoubles = 0xff;

/** Numbers of a sensor have few decimals: differences of whole multiples are small. Every value comes back as it was. */
export function writeNumbers(out: ByteWriter, values: readonly number[]): void {
  const decimals = decimalsOf(values);
  if (decimals === undefined) {
    out.byte(asDoubles);
    for (const value of values) out.double(value);
    return;
  }
  out.byte(decimals);
  const scale = powers[decimals] ?? 1;
  let before = 0;
  for (const value of values) {
    const scaled = Math.round(value * scale);
    out.signed(scaled - before);
    before = scaled;
  }
}

export function readNumbers(from: ByteReader, count: number): number[] {
  const decimals = from.byte();
  if (decimals === asDoubles) return Array.from({ length: count }, () => from.double());
  const scale = powers[decimals] ?? 1;
  let scaled = 0;
  return Array.from({ length: count }, () => (scaled += from.signed()) / scale);
}

function decimalsOf(values: readonly number[]): number | undefined {
  let decimals = 0;
  const fits = (value: number): boolean => {
    const scale = powers[decimals] ?? 1;
    const scaled = Math.round(value * scale);
    return Math.abs(scaled) <= largest && scaled / scale === value;
  };
  for (const value of values) while (!fits(value)) if ((decimals += 1) > mostDecimals) return undefined;
  return values.every(fits) ? decimals : undefined;
}

/** Times come at even steps: the change of the step is written. */
export function writeTimes(out: ByteWriter, times: readonly number[]): void {
  let before = 0;
  let step = 0;
  for (const time of times) {
    out.signed(time - before - step);
    step = before === 0 ? 0 : time - before;
    before = time;
  }
}

export function readTimes(from: ByteReader, count: number): number[] {
  let before = 0;
  let step = 0;
  return Array.from({ length: count }, () => {
    const time = before + step + from.signed();
    step = before === 0 ? 0 : time - before;
    before = time;
    return time;
  });
}

/** Texts repeat: each is written once. */
export function writeTexts(out: ByteWriter, values: readonly string[]): void {
  const places = new Map<string, number>();
  for (const value of values) if (!places.has(value)) places.set(value, places.size);
  out.whole(places.size);
  for (const value of places.keys()) out.text(value);
  for (const value of values) out.whole(places.get(value) ?? 0);
}

export function readTexts(from: ByteReader, count: number): string[] {
  const texts = Array.from({ length: from.whole() }, () => from.text());
  return Array.from({ length: count }, () => texts[from.whole()] ?? '');
}
