import type { Config } from '../config/schema.ts';
import {
  findAdapter,
  identityOf,
  listAdapters,
  systemPlaces,
  type Adapter,
  type AdapterPlaces,
} from '../transports/serial/adapters.ts';
import { ok, warn, type Finding } from './finding.ts';

/** Whether each serial port of the configuration finds its adapter, and what could be written for those that do not. */
export async function checkSerial({ serial }: Config, places: AdapterPlaces = systemPlaces): Promise<Finding[]> {
  const ports = Object.entries(serial.ports);
  if (ports.length === 0) return [];
  const adapters = await listAdapters(places);
  const plugged = adapters.length === 0 ? 'none' : adapters.map(inWords).join(', ');
  return ports.map(([name, { adapter }]) => {
    const found = findAdapter(adapter, adapters);
    if (found.is === 'found') return ok('serial', `serial.ports.${name}: ${identityOf(adapter)} is ${found.path}`);
    const why = found.is === 'missing' ? 'is not plugged in' : `could be any of ${found.paths.join(', ')}`;
    const mend = `Plug it in, or correct serial.ports.${name}.adapter. Plugged in now: ${plugged}.`;
    return warn('serial', `serial.ports.${name}: ${identityOf(adapter)} ${why}`, mend);
  });
}

function inWords({ vendor, product, serial, interface: usbInterface }: Adapter): string {
  const parts = { vendor, product, serial, interface: usbInterface };
  const said = Object.entries(parts).flatMap(([key, value]) => (value === undefined ? [] : [`${key}: "${value}"`]));
  return `{ ${said.join(', ')} }`;
}
