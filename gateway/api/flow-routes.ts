import type { Readable } from 'node:stream';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { route, type Route } from './route.ts';

const status = z.object({
  state: z.enum(['starting', 'running', 'waiting', 'held', 'closed']),
  flows: z.enum(['started', 'stopped']),
  detail: z.string(),
  version: z.string().optional(),
  generation: z.int().nonnegative(),
});
const generation = z.object({ generation: z.int(), at: z.int(), by: z.string(), bytes: z.int() });

/** What the API asks of the flows. */
export interface FlowDesk {
  status(): Promise<object>;
  generations(): Promise<readonly object[]>;
  deploy(flows: string, by: string): Promise<object>;
  restore(generation: number | undefined, by: string): Promise<object>;
  begin(): Promise<object>;
}

const maxFlowBytes = 4 * 1024 * 1024;

/** Node-RED's state and what was deployed. `desk` is undefined while flows are off. */
export function flowRoutes(desk: FlowDesk | undefined): Route[] {
  const open = (): FlowDesk => {
    if (desk !== undefined) return desk;
    throw new PortcullisError('NOT_FOUND', 'Flows are off. Set flows.enabled: true in the configuration.');
  };
  return [
    route({
      method: 'GET',
      path: '/api/v1/flows',
      summary: 'Whether Node-RED and its flows run, and if not, why.',
      needs: 'flow.read',
      input: z.strictObject({}),
      result: status,
      handle: async () => open().status(),
    }),
    route({
      method: 'GET',
      path: '/api/v1/flows/generations',
      summary: 'What was deployed, the latest first.',
      needs: 'flow.read',
      input: z.strictObject({}),
      result: z.object({ generations: z.array(generation) }),
      handle: async () => ({ generations: await open().generations() }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/flows/deploy',
      summary: 'Keeps a JSON list of nodes as the flows, all of them, and lets Node-RED run them.',
      needs: 'flow.edit',
      upload: { contentType: 'application/json', maxBytes: maxFlowBytes },
      input: z.strictObject({}),
      result: status,
      handle: async (_input, { actor, body }) => open().deploy(await textIn(body), actor.name),
    }),
    route({
      method: 'POST',
      path: '/api/v1/flows/restore',
      summary: 'Makes an earlier generation the latest again, by default the one before.',
      needs: 'flow.edit',
      input: z.strictObject({ generation: z.int().positive().optional() }),
      result: status,
      handle: async ({ generation }, { actor }) => open().restore(generation, actor.name),
    }),
    route({
      method: 'POST',
      path: '/api/v1/flows/start',
      summary: 'Starts a Node-RED that is held because it ended too often.',
      needs: 'flow.edit',
      input: z.strictObject({}),
      result: status,
      handle: async () => open().begin(),
    }),
  ];
}

async function textIn(body: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxFlowBytes) throw new PortcullisError('COMMAND_INVALID', `Flows may have ${maxFlowBytes} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
