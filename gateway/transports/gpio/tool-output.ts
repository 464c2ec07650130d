import type { GpioChip } from './way.ts';

/**
 * What `gpiodetect` of libgpiod 2 prints, a chip in a row: `gpiochip0 [pinctrl-bcm2711] (58 lines)`, and `gpioinfo`: a chip's
 * row (`gpiochip0 - 58 lines:`), then its lines with their names in quotes (`\tline   4:\t"GPIO_GCLK"  input`). A line without
 * a name is `unnamed`, without quotes.
 */
export function parseChips(detected: string, described: string): readonly GpioChip[] {
  const named = parseNames(described);
  const rows = detected.matchAll(/^(gpiochip\d+) \[(.*)\] \((\d+) lines?\)$/gm);
  return [...rows].map(([, name = '', label = '', lines]) => ({
    name,
    label,
    lines: Number(lines),
    names: named.get(name) ?? new Map<string, number[]>(),
  }));
}

function parseNames(text: string): ReadonlyMap<string, ReadonlyMap<string, readonly number[]>> {
  const chips = new Map<string, Map<string, number[]>>();
  let names = new Map<string, number[]>();
  for (const row of text.split('\n')) {
    const [, chip] = /^(gpiochip\d+) - \d+ lines?:/.exec(row) ?? [];
    if (chip !== undefined) chips.set(chip, (names = new Map()));
    const [, offset, name] = /^\s+line\s+(\d+):\s+"([^"]+)"/.exec(row) ?? [];
    if (name !== undefined) names.set(name, [...(names.get(name) ?? []), Number(offset)]);
  }
  return chips;
}
