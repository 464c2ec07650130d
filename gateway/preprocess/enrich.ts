import type { Place } from '../../contracts/message.ts';
import type { Site } from './options.ts';

/** Looks up where a device stands. Places are shared objects: a house has few rooms and many messages. */
export function placesOf(site: Site): (device: string) => Place | undefined {
  const elsewhere: Place | undefined = site.name === undefined ? undefined : { site: site.name };
  const byDevice = new Map(Object.entries(site.rooms).map(([device, room]) => [device, { ...elsewhere, room }]));
  return (device) => byDevice.get(device) ?? elsewhere;
}
