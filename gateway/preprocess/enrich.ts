import type { Place } from '../../contracts/message.ts';
import type { Site } from './options.ts';

/**
 * Looks up where a device stands: `located` by the registry, else in a room of the configuration. Places are shared
 * objects: a house has few rooms and many messages.
 */
export function placesOf(
  site: Site,
  located: { get(device: string): Place | undefined },
): (device: string) => Place | undefined {
  const elsewhere: Place | undefined = site.name === undefined ? undefined : { site: site.name };
  const byDevice = new Map(Object.entries(site.rooms).map(([device, room]) => [device, { ...elsewhere, room }]));
  return (device) => located.get(device) ?? byDevice.get(device) ?? elsewhere;
}
