import type { AccessDesk } from '../contracts/actor.ts';
import { localTimeOf } from './access/local-time.ts';
import { openAccess } from './access/open-access.ts';
import { adminToken } from './config/identity.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './lib/clock.ts';
import type { Registry } from './registry/open-registry.ts';

/** Who may do what, where the registry says that it is. */
export async function openAccessDesk(
  config: Config,
  { registry, clock }: { readonly registry: Registry; readonly clock: Clock },
): Promise<AccessDesk> {
  const whereabouts = {
    placesAround: (place: string) => registry.around(place),
    placesOf: (device: string) => {
      const place = registry.find(device)?.place;
      return place === undefined ? [] : registry.around(place);
    },
  };
  const localTime = localTimeOf(config.site.timeZone);
  const options = { adminToken: await adminToken(config.dataDir), policies: [] };
  return openAccess(options, { whereabouts, localTime: () => localTime(clock.wallMs()) });
}
