import type { Readable } from 'node:stream';
import { z } from 'zod';
import { route, type Route } from './route.ts';

/** Bytes of one uploaded bundle; a larger one is for the command line. */
export const maxUploadBytes = 32 * 1024 * 1024;

const group = z.object({
  what: z.string(),
  metric: z.string(),
  messages: z.number(),
  devices: z.number(),
  examples: z.array(z.unknown()).readonly(),
});
/** A bundle that was admitted, and what the comparison with the running version showed. */
const installed = z.object({
  plugin: z.string(),
  version: z.string(),
  decision: z.literal('ADMIT'),
  switchedOn: z.boolean(),
  before: z.string().nullable(),
  traffic: z.string(),
  messages: z.number(),
  different: z.number(),
  groups: z.array(group).readonly(),
});
export type InstalledPlugin = z.infer<typeof installed>;

/** What the API asks of the installer. */
export interface PluginUploads {
  /** Rejects with PLUGIN_REFUSED and every reason, before a byte of a refused plugin ran. */
  install(
    how: { readonly name: string | undefined; readonly dryRun: boolean },
    body: Readable,
  ): Promise<InstalledPlugin>;
}

/** A bundle comes as it is, and is admitted or refused in sentences that say what to do. */
export function pluginRoutes(uploads: PluginUploads): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/plugins',
      summary:
        'Checks a bundle, compares it with the version that runs, and switches it on at the next start of the gateway. ' +
        'With ?dryRun=true it is only checked and compared. The name is that of its contract; without one the package says it.',
      needs: 'plugin.install',
      upload: { contentType: 'application/gzip', maxBytes: maxUploadBytes },
      input: z.strictObject({
        name: z
          .string()
          .regex(/^[\w@][\w@.-]{0,127}$/, 'is no name of a plugin')
          .optional(),
        dryRun: z.stringbool().default(false),
      }),
      result: installed,
      handle: ({ name, dryRun }, { body }) => uploads.install({ name, dryRun }, body),
    }),
  ];
}
