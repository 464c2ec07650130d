import type { Measurement } from '../../contracts/message.ts';
import type { DeviceFilter } from './wire.ts';

/** Whether a pattern, an id or the beginning of one with `*` behind it, names the device. */
function names(pattern: string, device: string): boolean {
  return pattern.endsWith('*') ? device.startsWith(pattern.slice(0, -1)) : pattern === device;
}

/** What can be said of a record before it is parsed. */
export function mayBeWanted({ devices }: DeviceFilter, device: string): boolean {
  return devices.length === 0 || devices.some((pattern) => names(pattern, device));
}

/**
 * Whether a node wants a message. Each list that is not empty must hold something of it; what the gateway says of itself,
 * changes of the registry and results of commands, is no message of a device.
 */
export function isWanted(filter: DeviceFilter, { kind, dev, cls, place, m }: Measurement): boolean {
  const { rooms, metrics, classes } = filter;
  return (
    kind !== 'change' &&
    kind !== 'result' &&
    mayBeWanted(filter, dev.id) &&
    (rooms.length === 0 || (place?.room !== undefined && rooms.includes(place.room))) &&
    (classes.length === 0 || classes.includes(cls)) &&
    (metrics.length === 0 || m.some(({ n }) => metrics.includes(n)))
  );
}
