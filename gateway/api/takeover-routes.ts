import { z } from 'zod';
import { importBounds, type TakeOverReport } from '../../contracts/registry-bulk.ts';
import { textOf } from './bulk-routes.ts';
import { count } from './read-routes.ts';
import { route, type Route } from './route.ts';

const notes = z.array(z.string());
const devices = z.object({
  created: count,
  updated: count,
  unchanged: count,
  devices: z.array(z.object({ id: z.string(), name: z.string(), is: z.enum(['new', 'changed', 'unchanged']) })),
  /** What is not as it was, or is to be done, in sentences. */
  notes,
});
const users = z.object({
  users: z.array(
    z.object({
      user: z.string(),
      /** `kept`: it goes on with its password. `made`: that could not be; it needs the one in `password`, told this once. */
      is: z.enum(['kept', 'made', 'there']),
      password: z.string().optional(),
      publish: z.array(z.string()),
      subscribe: z.array(z.string()),
    }),
  ),
  notes,
});
export type TakenUsers = z.infer<typeof users>;

/** What the API asks of those who take over from another program. */
export interface TakeoverModel {
  zigbee2mqtt(text: string, dryRun: boolean): Promise<TakeOverReport & { readonly notes: readonly string[] }>;
  mosquitto(text: string, dryRun: boolean, rights: string | undefined): Promise<TakenUsers>;
}

const path = '/api/v1/takeover';
const upload = { contentType: 'text/plain', maxBytes: importBounds.maxFileBytes };
const dryRun = z.stringbool().default(false);

/** What was there before the gateway. Each is taken over as a whole or not at all; with `dryRun` it is only shown. */
export function takeoverRoutes(model: TakeoverModel): Route[] {
  return [
    route({
      method: 'POST',
      path: `${path}/zigbee2mqtt`,
      summary:
        'Takes devices over from Zigbee2MQTT with their names: configuration.yaml, devices.yaml, database.db or bridge/devices.',
      needs: 'device.edit',
      upload,
      input: z.strictObject({ dryRun }),
      result: devices,
      handle: async ({ dryRun }, { body }) => model.zigbee2mqtt(await textOf(body, upload.maxBytes), dryRun),
    }),
    route({
      method: 'POST',
      path: `${path}/mosquitto`,
      summary:
        'Takes users over from Mosquitto: its password file, and its access file behind it. Devices go on with their passwords.',
      needs: 'credential.manage',
      upload,
      input: z.strictObject({
        dryRun,
        /** What they may do where the file does not say: `everything`, or the name of a profile. */
        rights: z.string().min(1).max(64).optional(),
      }),
      result: users,
      handle: async ({ dryRun, rights }, { body }) =>
        model.mosquitto(await textOf(body, upload.maxBytes), dryRun, rights),
    }),
  ];
}
