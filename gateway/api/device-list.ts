import { z } from 'zod';
import { lifeCycles, type DeviceRecord } from '../../contracts/registry.ts';
import { deviceFilterSchema, type DeviceFilter } from '../../contracts/registry-bulk.ts';
import { count, ledgerLine, type LedgerLine } from './read-routes.ts';
import { route, type Route } from './route.ts';

/** What the list asks of the gateway. */
export interface DeviceList {
  select(filter: DeviceFilter): readonly DeviceRecord[];
  /** What the ledger says of these devices. */
  ledger(
    devices: readonly string[],
  ): Promise<{ readonly devices: readonly (LedgerLine & { readonly device: string })[] }>;
  /** The names from the building to the place. */
  pathOf(place: string): string;
}

export const shownDevice = z.looseObject({
  id: z.string(),
  name: z.string(),
  lifeCycle: z.enum(lifeCycles),
  profile: z.string().optional(),
  place: z.string().optional(),
  path: z.string().optional(),
  tags: z.array(z.string()),
  version: count,
});
const accounted = { accepted: count.optional(), buffered: count.optional(), sinks: z.array(ledgerLine).optional() };

/** The devices of the registry, each with what the ledger says of it. */
export function deviceListRoute(model: DeviceList): Route {
  return route({
    method: 'GET',
    path: '/api/v1/devices',
    summary:
      'The devices, ordered by id, page by page; those of a place with everything in it, of a tag, of a life cycle. With ?ledger=false without what became of their records.',
    needs: 'device.read',
    target: 'some',
    input: z.object({
      ...deviceFilterSchema.shape,
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: z.string().max(256).optional(),
      ledger: z.stringbool().default(true),
    }),
    result: z.object({
      total: count,
      next: z.string().nullable(),
      devices: z.array(shownDevice.extend(accounted)),
    }),
    handle: async ({ limit, cursor, ledger, ...filter }, { may }) => {
      const seen = model.select(filter).filter(({ id }) => may('device.read', { device: id }));
      const all = seen.toSorted(byId);
      const rest = cursor === undefined ? all : all.filter(({ id }) => id > cursor);
      const shown = rest.slice(0, limit);
      const lines = ledger
        ? Map.groupBy((await model.ledger(shown.map(({ id }) => id))).devices, ({ device }) => device)
        : undefined;
      const devices = shown.map((device) => ({
        ...showDevice(device, model),
        ...(lines && account(lines.get(device.id) ?? [])),
      }));
      return { total: all.length, next: rest.length > limit ? (shown.at(-1)?.id ?? null) : null, devices };
    },
  });
}

const byId = (one: { id: string }, other: { id: string }): number => (one.id < other.id ? -1 : 1);

/** A device with the path of its place. */
export function showDevice(device: DeviceRecord, model: Pick<DeviceList, 'pathOf'>): object {
  return { ...device, ...(device.place !== undefined && { path: model.pathOf(device.place) }) };
}

function account(lines: readonly (LedgerLine & { readonly device: string })[]): object {
  const sinks = lines.map((line) => ledgerLine.parse(line));
  const most = (key: 'accepted' | 'buffered'): number => Math.max(0, ...sinks.map((line) => line[key]));
  return { accepted: most('accepted'), buffered: most('buffered'), sinks };
}
