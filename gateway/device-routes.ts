import { bulkRoutes } from './api/bulk-routes.ts';
import { deviceEditRoutes } from './api/device-edit-routes.ts';
import { deviceListRoute, type DeviceList } from './api/device-list.ts';
import { groupRoutes, placeRoutes } from './api/place-routes.ts';
import type { Route } from './api/route.ts';
import { twinRoutes, type TwinModel } from './api/twin-routes.ts';
import type { DeviceAccess } from './registry/device-access.ts';
import type { Registry } from './registry/open-registry.ts';

interface DeviceStages {
  readonly registry: Registry;
  readonly access: DeviceAccess;
  readonly twins: TwinModel;
  readonly ledger: DeviceList['ledger'];
}

/** Everything that the API offers of the registry and the twins; what also concerns the broker goes through `access`. */
export function deviceRoutes({ registry, access, twins, ledger }: DeviceStages): Route[] {
  const all = { ...registry, ...access };
  return [
    deviceListRoute({ ...registry, ledger }),
    ...deviceEditRoutes(all),
    ...bulkRoutes(all),
    ...placeRoutes(registry),
    ...groupRoutes(registry),
    ...twinRoutes(twins),
  ];
}
