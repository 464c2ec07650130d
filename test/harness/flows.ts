import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowsStatus } from '../../gateway/flows/open-flows.ts';
import { adminTokenFile } from '../../gateway/config/identity.ts';
import type { Daemon } from './daemon.ts';
import { waitUntil } from './wait-until.ts';

type Reached = Pick<Daemon, 'httpPort' | 'dataDir'>;

/** A request as the administrator. */
export function asAdministrator(
  { httpPort, dataDir }: Reached,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const token = readFileSync(join(dataDir, adminTokenFile), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) };
  return fetch(`http://127.0.0.1:${httpPort}${path}`, { ...init, headers });
}

export async function flowsStatus(daemon: Reached): Promise<FlowsStatus> {
  return (await (await asAdministrator(daemon, '/api/v1/flows')).json()) as FlowsStatus;
}

/** Its process gives way to all others: on a busy machine a start takes long, and five of them longer. */
export const patienceMs = 240_000;

/** Waits until Node-RED runs and has started its flows. */
export async function flowsRun(daemon: Reached): Promise<void> {
  await waitUntil('the flows to run', async () => (await flowsStatus(daemon)).flows === 'started', patienceMs);
}

/** Deploys flows and waits until they run. */
export async function deploy(daemon: Reached, flows: readonly object[]): Promise<Response> {
  const answer = await asAdministrator(daemon, '/api/v1/flows/deploy', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(flows),
  });
  if (answer.ok) await flowsRun(daemon);
  return answer;
}
