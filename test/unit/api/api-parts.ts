import { pino } from 'pino';
import type { ApiDeps } from '../../../gateway/api/listen-api.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';

export const loopback = { host: '127.0.0.1', port: 0, version: '1' } as const;

/** What an API needs beside routes, access and store, where a test asks for none of it. */
export const plainParts = {
  assets: [],
  metrics: { contentType: 'text/plain', text: async () => '' },
  notReadyBecause: async () => [],
  clock: systemClock,
  log: pino({ level: 'silent' }),
} satisfies Partial<ApiDeps>;
