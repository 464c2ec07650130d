import { bulkRoutes } from './api/bulk-routes.ts';
import { deviceEditRoutes } from './api/device-edit-routes.ts';
import { deviceListRoute, type DeviceList } from './api/device-list.ts';
import { groupRoutes, placeRoutes } from './api/place-routes.ts';
import type { Route } from './api/route.ts';
import type { DeviceAccess } from './registry/device-access.ts';
import type { Registry } from './registry/open-registry.ts';

/** Everything that the API offers of the registry; what also concerns the broker goes through `access`. */
export function registryRoutes(registry: Registry, access: DeviceAccess, ledger: DeviceList['ledger']): Route[] {
  const all = { ...registry, ...access };
  return [
    deviceListRoute({ ...registry, ledger }),
    ...deviceEditRoutes(all),
    ...bulkRoutes(all),
    ...placeRoutes(registry),
    ...groupRoutes(registry),
  ];
}
