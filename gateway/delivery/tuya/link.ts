import type { Logger } from 'pino';
import type { DeviceDirectory } from '../../../contracts/registry.ts';
import type { Fence } from '../../../contracts/fence.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import { systemScheduler, type Scheduler } from '../../lib/scheduler.ts';
import { Caller } from './caller.ts';
import { openTuyaClient, type TuyaClient } from './client.ts';
import type { DataPoint } from './data-points.ts';
import { DeviceBook } from './devices.ts';
import { ProductBook, type ProductConfig } from './products.ts';
import { CallQuota } from './quota.ts';

export interface LinkOptions {
  /** A word for people, told beside the endpoint where an account is in trouble. */
  readonly environment?: string | undefined;
  readonly endpoint: string;
  readonly clientId: string;
  readonly secret: string;
  /** PEM text of the authority that signed the endpoint's certificate, where that is not a public one. */
  readonly ca?: string;
  /** Product of the gateway itself; with it the gateway is registered too, and every device behind it. */
  readonly gatewayProductId?: string | undefined;
  readonly productId: string;
  /** The data points of the product; a code that is not among them is reported as it is. */
  readonly dataPoints?: ReadonlyMap<string, DataPoint> | undefined;
  /** Products by the profile of a device, where it is not `productId`. */
  readonly profiles?: ReadonlyMap<string, ProductConfig> | undefined;
  readonly callsPerSecond: number;
  readonly answerTimeoutMs?: number;
}

export interface LinkDeps {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly scheduler?: Scheduler;
  /** The registry: names of devices, and who is told what the cloud says of them. */
  readonly directory?: DeviceDirectory | undefined;
  /** Which gateway of its name it is: told with each call. */
  readonly fence?: Fence | undefined;
}

/** One account at the cloud, with what its two directions share: connections, token, quota, known devices. */
export interface TuyaLink extends AsyncDisposable {
  readonly clock: Clock;
  readonly client: TuyaClient;
  readonly quota: CallQuota;
  readonly caller: Caller;
  readonly book: DeviceBook;
  readonly products: ProductBook;
}

/** Kept-alive connections to the endpoint, and so calls at the same time; polls that wait have one each beside. */
export const connections = 16;
const pollConnections = 2;

/** How long a registration waits for its place under the quota. */
const registrationWaitMs = 2_000;

/** Opens no connection yet. Throws CONFIG_INVALID for an endpoint that no cloud has. */
export function openTuyaLink(options: LinkOptions, deps: LinkDeps): TuyaLink {
  const { endpoint, clientId, secret, ca, callsPerSecond, answerTimeoutMs = 10_000 } = options;
  const { store, clock, log, scheduler = systemScheduler, directory } = deps;
  const wire = {
    connections: connections + pollConnections,
    connectTimeoutMs: 10_000,
    answerTimeoutMs,
    ...(ca !== undefined && { ca }),
  };
  const client = openTuyaClient({ endpoint, clientId, secret, fence: deps.fence, ...wire }, clock);
  const burst = Math.max(2, Math.ceil(callsPerSecond));
  const quota = new CallQuota({ perSecond: callsPerSecond, burst }, clock.monoMs());
  const caller = new Caller({ client, quota, clock, scheduler });
  const { productId, dataPoints = new Map<string, DataPoint>(), profiles = new Map<string, ProductConfig>() } = options;
  const products = new ProductBook({ store, clock, log, otherwise: { productId, dataPoints }, profiles, directory });
  const book = new DeviceBook({
    store,
    clock,
    productOf: (device) => products.idOf(device),
    gatewayProduct: options.gatewayProductId,
    directory,
    call: (call, signal) =>
      caller.call('register', call, { urgent: true, signal, until: clock.monoMs() + registrationWaitMs }),
  });
  return { clock, client, quota, caller, book, products, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}
