import { bulkRoutes } from './api/bulk-routes.ts';
import { commandRoutes } from './api/command-routes.ts';
import { credentialRoutes } from './api/credential-routes.ts';
import { deviceEditRoutes } from './api/device-edit-routes.ts';
import { deviceWindowRoutes } from './api/device-window-routes.ts';
import { deviceListRoute } from './api/device-list.ts';
import { historyRoutes, type HistoryModel } from './api/history-routes.ts';
import { groupRoutes, placeRoutes } from './api/place-routes.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Clock } from './lib/clock.ts';
import type { Route } from './api/route.ts';
import { takeoverRoutes } from './api/takeover-routes.ts';
import { twinRoutes } from './api/twin-routes.ts';
import type { Actuation } from './open-actuation.ts';
import type { DeviceAccess } from './registry/device-access.ts';
import type { Registry } from './registry/open-registry.ts';
import { takeoverModel } from './take-over.ts';
import type { MqttTransport } from './transports/mqtt/listen-mqtt.ts';

interface DeviceStages {
  readonly registry: Registry;
  readonly access: DeviceAccess;
  readonly actuation: Actuation;
  readonly broker: MqttTransport;
  readonly buffer: Pick<Buffer, 'ledger'>;
  readonly history: HistoryModel | undefined;
  readonly clock: Clock;
}

/** Everything that the API offers of devices: registry, twins, commands, credentials; what also concerns the broker goes through `access`. */
export function deviceRoutes({ registry, access, actuation, broker, buffer, history, clock }: DeviceStages): Route[] {
  const all = { ...registry, ...access };
  return [
    deviceListRoute({ ...registry, ledger: (devices) => buffer.ledger({ devices }) }),
    ...deviceEditRoutes({ ...all, isWide: (of) => broker.logins.isWide(of) }),
    ...bulkRoutes(all),
    ...placeRoutes(registry),
    ...groupRoutes(registry),
    ...twinRoutes(actuation.twins),
    ...commandRoutes(actuation.commands),
    ...(history ? historyRoutes(history, () => clock.wallMs()) : []),
    ...credentialRoutes(broker.logins),
    ...deviceWindowRoutes(broker.deviceWindow),
    ...takeoverRoutes(takeoverModel(registry, broker.logins)),
  ];
}
