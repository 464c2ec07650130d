import type { Readable } from 'node:stream';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import type { DeviceRecord } from '../../contracts/registry.ts';
import {
  deviceFilterSchema,
  importBounds,
  operationSchema,
  siteTemplateSchema,
  type DeviceFilter,
  type ImportReport,
  type Operation,
  type OperationReport,
  type SiteTemplate,
  type TemplateReport,
} from '../../contracts/registry-bulk.ts';
import { count } from './read-routes.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the registry about many devices at once. */
export interface BulkEdits {
  importDevices(csv: string, dryRun: boolean): Promise<ImportReport>;
  /** Of those that fit, the ones that may be shown. */
  exportDevices(filter: DeviceFilter, isShown: (device: DeviceRecord) => boolean): string;
  applyTemplate(template: SiteTemplate, dryRun: boolean): Promise<TemplateReport>;
  operate(operation: Operation): Promise<OperationReport>;
}

const imported = z.object({ created: count, updated: count, unchanged: count });

/** Each is done as a whole or not at all; with `dryRun` it only says what it would do. */
export function bulkRoutes(model: BulkEdits): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/devices/import',
      summary: 'Registers and changes the devices of a CSV file, all or none; faults are told with their lines.',
      needs: 'device.edit',
      upload: { contentType: 'text/csv', maxBytes: importBounds.maxFileBytes },
      input: z.strictObject({ dryRun: z.stringbool().default(false) }),
      result: imported,
      handle: async ({ dryRun }, { body }) =>
        model.importDevices(await textOf(body, importBounds.maxFileBytes), dryRun),
    }),
    route({
      method: 'GET',
      path: '/api/v1/devices/export',
      summary: 'The devices as a CSV file that the import takes.',
      needs: 'device.read',
      target: 'some',
      produces: 'text/csv',
      input: deviceFilterSchema,
      result: z.string(),
      handle: async (filter, { may }) => model.exportDevices(filter, ({ id }) => may('device.read', { device: id })),
    }),
    route({
      method: 'POST',
      path: '/api/v1/templates',
      summary: 'Makes the places, groups and devices that a template names and that are not there yet.',
      needs: 'site.edit',
      input: siteTemplateSchema.extend({ dryRun: z.boolean().default(false) }),
      result: imported.extend({ places: count, groups: count }),
      handle: ({ dryRun, ...template }) => model.applyTemplate(template, dryRun),
    }),
    route({
      method: 'POST',
      path: '/api/v1/operations',
      summary: 'Moves, tags, retries or decommissions every device that is selected.',
      needs: 'device.edit',
      input: operationSchema,
      result: z.object({ matched: count, changed: z.array(z.string()) }),
      handle: (operation) => model.operate(operation),
    }),
  ];
}

/** An uploaded file as text. */
export async function textOf(body: Readable, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > mostBytes) throw new PortcullisError('COMMAND_INVALID', `The file is larger than ${mostBytes} bytes.`);
    chunks.push(chunk as Buffer);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new PortcullisError('COMMAND_INVALID', 'The file is no UTF-8 text.');
  }
}
