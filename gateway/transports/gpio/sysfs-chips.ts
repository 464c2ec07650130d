import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GpioChip } from './way.ts';

const chipName = /^gpiochip\d+$/;

/**
 * The chips as sysfs shows them. Since Linux 6.6 their bases are anything but 0, and a folder `gpiochip512` there is
 * another name than the chip's own: that is the folder of the same device on the bus `gpio`.
 */
export async function sysfsChips(sys = '/sys'): Promise<readonly GpioChip[]> {
  const folder = join(sys, 'class/gpio');
  const entries = (await namesIn(folder)).filter((name) => chipName.test(name));
  const owners = await chipsByDevice(sys);
  const chips: GpioChip[] = [];
  const taken = new Set<string>();
  // Several chips of one device have bases in the order of their numbers.
  for (const entry of entries.sort(byNumber)) {
    const at = join(folder, entry);
    const [label, base, lines] = await Promise.all(['label', 'base', 'ngpio'].map((file) => textOf(join(at, file))));
    if (label === undefined || base === undefined || lines === undefined) continue;
    const device = await realpath(join(at, 'device')).catch(() => at);
    const name = owners.get(device)?.find((one) => !taken.has(one)) ?? entry;
    taken.add(name);
    const names = namesOf((await textOf(join(device, 'of_node/gpio-line-names'))) ?? '');
    chips.push({ name, label, base: Number(base), lines: Number(lines), names });
  }
  return chips;
}

async function chipsByDevice(sys: string): Promise<ReadonlyMap<string, string[]>> {
  const bus = join(sys, 'bus/gpio/devices');
  const found = new Map<string, string[]>();
  for (const name of (await namesIn(bus)).filter((one) => chipName.test(one)).sort(byNumber)) {
    const at = await realpath(join(bus, name)).catch(() => undefined);
    if (at === undefined) continue;
    // The legacy folder hangs on the chip's parent, or on the chip itself.
    for (const device of [dirname(at), at]) found.set(device, [...(found.get(device) ?? []), name]);
  }
  return found;
}

/** The device tree's list: one name after the other, each ended by a zero byte. */
function namesOf(list: string): ReadonlyMap<string, readonly number[]> {
  const names = new Map<string, readonly number[]>();
  for (const [offset, name] of list.split('\0').entries()) {
    if (name !== '') names.set(name, [...(names.get(name) ?? []), offset]);
  }
  return names;
}

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}
