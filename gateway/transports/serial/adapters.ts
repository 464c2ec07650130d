import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AdapterMatch } from './options.ts';

/** A USB serial adapter that is plugged in now. */
export interface Adapter {
  /** The device node of this moment, like `/dev/ttyUSB0`; another one after the next plugging. */
  readonly path: string;
  readonly vendor: string;
  readonly product: string;
  readonly serial: string | undefined;
  /** Number of the USB interface, for adapters with several ports. */
  readonly interface: string | undefined;
  /** What its maker calls it, where it says so. */
  readonly label: string | undefined;
  /** Name in `/dev/serial/by-id`, where udev makes it. */
  readonly byId: string | undefined;
}

export interface AdapterPlaces {
  /** `/sys/class/tty` and `/dev`, or copies of them in a test. */
  readonly ttys: string;
  readonly dev: string;
}

export const systemPlaces: AdapterPlaces = { ttys: '/sys/class/tty', dev: '/dev' };

/**
 * The USB serial adapters of this machine, read from sysfs: no process is started, and it works without udev. A tty
 * that goes away meanwhile is left out.
 */
export async function listAdapters(places: AdapterPlaces = systemPlaces): Promise<readonly Adapter[]> {
  const names = await readdir(places.ttys).catch(() => []);
  const links = await byIdLinks(join(places.dev, 'serial/by-id'));
  const found = await Promise.all(
    names.filter((name) => /^tty(?:USB|ACM)\d+$/.test(name)).map((name) => readAdapter(name, places, links)),
  );
  return found.filter((adapter) => adapter !== undefined);
}

/** Climbs from the tty to its USB interface and to the USB device (kernel: Documentation/ABI/stable/sysfs-bus-usb). */
async function readAdapter(
  name: string,
  { ttys, dev }: AdapterPlaces,
  links: ReadonlyMap<string, string>,
): Promise<Adapter | undefined> {
  let folder = await realpath(join(ttys, name, 'device')).catch(() => undefined);
  let usbInterface: string | undefined;
  for (let level = 0; folder !== undefined && level < 6; level++, folder = dirname(folder)) {
    usbInterface ??= await attribute(folder, 'bInterfaceNumber');
    const vendor = await attribute(folder, 'idVendor');
    const product = await attribute(folder, 'idProduct');
    if (vendor === undefined || product === undefined) continue;
    const [serial, ...words] = await Promise.all(
      ['serial', 'manufacturer', 'product'].map((one) => attribute(folder ?? '', one)),
    );
    const label = words.filter((word) => word !== undefined).join(' ') || undefined;
    return { path: join(dev, name), vendor, product, serial, interface: usbInterface, label, byId: links.get(name) };
  }
  return undefined;
}

async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

async function byIdLinks(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const target = await readlink(join(folder, name)).catch(() => '');
      return [target.slice(target.lastIndexOf('/') + 1), name];
    }),
  );
  return new Map(links);
}

export type Found =
  | { readonly is: 'found'; readonly path: string }
  | { readonly is: 'missing' }
  /** Several adapters fit; taking any of them would be a guess. */
  | { readonly is: 'ambiguous'; readonly paths: readonly string[] };

/** The one adapter that was meant. A path is taken as it stands; whether it is there shows when it is opened. */
export function findAdapter(match: AdapterMatch, adapters: readonly Adapter[]): Found {
  if ('path' in match) return { is: 'found', path: match.path };
  const fits = adapters.filter((adapter) =>
    'byId' in match
      ? adapter.byId === match.byId
      : adapter.vendor === match.vendor &&
        adapter.product === match.product &&
        (match.serial === undefined || adapter.serial === match.serial) &&
        (match.interface === undefined || adapter.interface === match.interface),
  );
  const [first] = fits;
  if (first === undefined) return { is: 'missing' };
  return fits.length === 1
    ? { is: 'found', path: first.path }
    : { is: 'ambiguous', paths: fits.map(({ path }) => path) };
}

/** The identity in words; it stays the same whatever the device node is called. */
export function identityOf(match: AdapterMatch): string {
  if ('path' in match) return match.path;
  if ('byId' in match) return match.byId;
  return ['usb', match.vendor, match.product, match.serial, match.interface && `if${match.interface}`]
    .filter((part) => part !== undefined)
    .join('-');
}
