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
/** What was decided about a bundle, and what the comparison with the running version showed. `DENY` only where nothing was to be switched on. */
const installed = z.object({
  plugin: z.string(),
  version: z.string(),
  decision: z.enum(['ADMIT', 'DENY']),
  violations: z.array(z.looseObject({ code: z.string(), sentence: z.string(), remedy: z.string() })).readonly(),
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
  /** Rejects with NOT_FOUND when there is nothing to go back to. `to` is null for the version that is shipped. */
  rollBack(name: string): Promise<{ readonly from: string; readonly to: string | null }>;
  /** What of this site is switched on, with what a rollback leads to: a version, `shipped`, or nothing. */
  versions(): Promise<readonly { readonly name: string; readonly active: string; readonly back: string | null }[]>;
  /** The log of decisions as it is on disk, and the public key (Ed25519, base64url) that its records are signed for. */
  decisions(): Promise<{ readonly records: Readable; readonly key: string }>;
}

const pluginName = z.string().regex(/^[\w@][\w@.-]{0,127}$/, 'is no name of a plugin');

/** A bundle comes as it is, and is admitted or refused in sentences that say what to do. */
export function pluginRoutes(uploads: PluginUploads): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/plugins',
      summary:
        'Checks a bundle, compares it with the version that runs, and switches it on at the next start of the gateway. ' +
        'With ?dryRun=true it is only checked and compared, and a refusal is an answer with DENY. The name is that of its contract; without one the package says it.',
      needs: 'plugin.install',
      upload: { contentType: 'application/gzip', maxBytes: maxUploadBytes },
      input: z.strictObject({
        name: pluginName.optional(),
        dryRun: z.stringbool().default(false),
      }),
      result: installed,
      handle: ({ name, dryRun }, { body }) => uploads.install({ name, dryRun }, body),
    }),
    route({
      method: 'POST',
      path: '/api/v1/plugins/:name/rollback',
      summary: 'Goes back to the version before, at the next start of the gateway.',
      needs: 'plugin.install',
      input: z.strictObject({ name: pluginName }),
      result: z.object({ from: z.string(), to: z.string().nullable() }),
      handle: ({ name }) => uploads.rollBack(name),
    }),
    route({
      method: 'GET',
      path: '/api/v1/plugins/versions',
      summary: 'What was installed on this site and is switched on, and what a rollback leads to.',
      needs: 'gateway.read',
      input: z.object({}),
      result: z.object({
        versions: z.array(z.object({ name: z.string(), active: z.string(), back: z.string().nullable() })),
      }),
      handle: async () => ({ versions: await uploads.versions() }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/plugins/decisions',
      summary:
        'Every decision about a plugin, one JSON text per line, each signed and chained to the one before; the header `x-decision-key` has the public key.',
      needs: 'plugin.install',
      produces: 'application/jsonl',
      input: z.object({}),
      result: z.string(),
      handle: async (_input, { header }) => {
        const { records, key } = await uploads.decisions();
        header('x-decision-key', key);
        header('content-disposition', 'attachment; filename="decisions.jsonl"');
        return records;
      },
    }),
  ];
}
