import { Readable } from 'node:stream';
import { z } from 'zod';
import { logLevels, type LogLevel, type LogLine } from '../observability/recent-log.ts';
import { route, type Route } from './route.ts';

const bytes = z.number().nonnegative();
const system = z.object({
  name: z.string(),
  version: z.string(),
  /** The day until which this release is supported in any case; null for one that was built for development. */
  supportedUntil: z.iso.date().nullable(),
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
  /** The newest lines of the log, newest first. */
  log(query: { readonly level: LogLevel; readonly limit: number }): readonly LogLine[];
  /** What helps somebody who was not there, as a `.tar.gz`. Holds no secret, no payload, no credential. */
  bundle(): Promise<Buffer>;
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
      path: '/api/v1/system/log',
      summary: 'The newest lines of the log, newest first; the service manager has the older ones.',
      needs: 'gateway.operate',
      input: z.object({
        level: z.enum(logLevels).default('info'),
        limit: z.coerce.number().int().min(1).max(1_000).default(200),
      }),
      result: z.object({
        lines: z.array(z.object({ at: z.number(), level: z.enum(logLevels), text: z.string(), detail: z.string() })),
      }),
      handle: async (query) => ({ lines: model.log(query) }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/system/bundle',
      summary: 'Everything for a support case in one .tar.gz, without secrets and without what devices sent.',
      needs: 'gateway.operate',
      produces: 'application/gzip',
      input: z.object({}),
      result: z.string(),
      handle: async () => Readable.from([await model.bundle()]),
    }),
  ];
}
