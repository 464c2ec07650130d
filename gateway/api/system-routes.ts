import { z } from 'zod';
import { route, type Route } from './route.ts';

const bytes = z.number().nonnegative();
const system = z.object({
  name: z.string(),
  version: z.string(),
  node: z.string(),
  arch: z.string(),
  /** Wall time in milliseconds, and how long the gateway has been running. */
  nowMs: z.number(),
  upMs: z.number(),
  isClockSynchronised: z.boolean().nullable(),
  /** Where devices connect; `network` is false while only this machine is listened to. */
  mqtt: z.object({ port: z.number().nullable(), tlsPort: z.number().nullable(), network: z.boolean() }),
  memory: z.object({ totalBytes: bytes, availableBytes: bytes, processBytes: bytes }),
  disk: z.object({ totalBytes: bytes, freeBytes: bytes }),
  buffer: z.object({
    fileBytes: bytes,
    usedBytes: bytes,
    maxBytes: bytes,
    /** Wall time of the oldest record that waits. */
    oldestMs: z.number().nullable(),
    /** Record bytes stored since the start. */
    committedBytes: bytes,
  }),
  writtenBytes: bytes.nullable(),
  celsius: z.number().nullable(),
});
export type SystemState = z.infer<typeof system>;

/** What the API asks of the machine and the process. */
export interface SystemModel {
  system(): Promise<SystemState>;
  /** What helps somebody who was not there. Holds no secret: nothing of the configuration, no payload, no credential. */
  bundle(): Promise<object>;
}

/** How the gateway and its machine are. */
export function systemRoutes(model: SystemModel): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/system',
      summary: 'Versions, memory, disk, clock, temperature, and where devices connect.',
      needs: 'gateway.read',
      input: z.object({}),
      result: system,
      handle: () => model.system(),
    }),
    route({
      method: 'GET',
      path: '/api/v1/system/bundle',
      summary: 'Everything for a support case in one file, without secrets and without what devices sent.',
      needs: 'gateway.operate',
      input: z.object({}),
      result: z.looseObject({}),
      handle: () => model.bundle(),
    }),
  ];
}
