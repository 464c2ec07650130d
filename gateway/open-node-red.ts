import { join } from 'node:path';
import type { TableStore } from '../contracts/table-set.ts';
import { PortcullisError } from '../contracts/errors.ts';
import { flowRoutes } from './api/flow-routes.ts';
import type { Route } from './api/route.ts';
import type { Mount } from './api/serve-mount.ts';
import { flowsSecret } from './config/identity.ts';
import type { Config } from './config/schema.ts';
import type { FlowsOptions } from './flows/options.ts';
import type { FlowPorts } from './flows/ports.ts';
import type { GatewayDeps } from './gateway.ts';

/** What the API serves of Node-RED. */
export interface NodeRed {
  readonly routes: readonly Route[];
  readonly mounts: readonly Mount[];
}

/** Node-RED beside the gateway, when the configuration wants it; else nothing of it is loaded. `stack` ends it. */
export async function openNodeRed(
  config: Config,
  ports: Pick<FlowPorts, 'commands' | 'live' | 'twins' | 'alarms'> & {
    readonly store: TableStore;
    /** Undefined while history is off. */
    readonly history: FlowPorts['history'] | undefined;
  },
  { log, clock }: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<NodeRed> {
  if (!config.flows.enabled) return { routes: flowRoutes(undefined), mounts: [] };
  const { openFlows } = await import('./flows/open-flows.ts');
  const options = await flowsOptions(config);
  const history = ports.history ?? {
    query: () => Promise.reject(new PortcullisError('NOT_FOUND', 'History is off. Set history.enabled: true.')),
  };
  const flows = stack.use(await openFlows(options, { ...ports, history, log, clock }));
  return {
    routes: flowRoutes(flows),
    mounts: [{ ...flows.editor, needs: { see: 'flow.read', edit: 'flow.edit' } }],
  };
}

async function flowsOptions({ dataDir, flows, site }: Config): Promise<FlowsOptions> {
  const folder = flows.folder ?? join(dataDir, 'flows');
  return {
    process: flows.process,
    folder,
    filesFolder: join(dataDir, 'flow-files'),
    memoryBytes: flows.memoryMb * 1024 * 1024,
    allow: flows.allow,
    credentialSecret: await flowsSecret(dataDir),
    timeZone: site.timeZone,
  };
}
