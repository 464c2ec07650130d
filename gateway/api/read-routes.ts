import { z } from 'zod';
import { route, type Route } from './route.ts';

export const count = z.int().nonnegative();
export const ledgerLine = z.object({
  sink: z.string(),
  accepted: count,
  delivered: count,
  buffered: count,
  filtered: count,
  expired: count,
  evicted: count,
  deadLettered: count,
  /** Stored before the sink existed. */
  predates: count,
  balanced: z.boolean(),
});
const deviceLine = ledgerLine.extend({ device: z.string() });
export type LedgerLine = z.infer<typeof ledgerLine>;

/** What the read API asks of the gateway. */
export interface ReadModel {
  ledger(query: { devices?: readonly string[] }): Promise<{
    readonly balanced: boolean;
    readonly sinks: readonly LedgerLine[];
    readonly devices: readonly (LedgerLine & { readonly device: string })[];
    readonly reasons: readonly object[];
    readonly outages: readonly object[];
  }>;
  plugins(): readonly object[];
  hardware(): Promise<{
    readonly serial: readonly object[];
    readonly adapters: readonly object[];
    readonly gpio: readonly object[];
  }>;
}

/** `missing`: waited for; `failed`: there, but it cannot be opened. */
const lineState = z.enum(['missing', 'failed', 'open']);

/** The reads of version 1. */
export function readRoutes(model: ReadModel): Route[] {
  return [
    route({
      path: '/api/v1/ledger',
      summary:
        'The balance per sink: what was accepted and where each record is now; with ?device= also of one device.',
      method: 'GET',
      needs: 'gateway.read',
      input: z.object({ device: z.string().max(256).optional() }),
      result: z.object({
        balanced: z.boolean(),
        sinks: z.array(ledgerLine),
        devices: z.array(deviceLine),
        reasons: z.array(z.looseObject({})),
        outages: z.array(z.looseObject({})),
      }),
      handle: async ({ device }) => {
        const ledger = await model.ledger(device === undefined ? {} : { devices: [device] });
        return { ...ledger, devices: device === undefined ? [] : ledger.devices };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/plugins',
      summary: 'The plugins that are loaded, and the topics they serve.',
      needs: 'gateway.read',
      input: z.object({}),
      result: z.object({ plugins: z.array(z.looseObject({ name: z.string() })) }),
      handle: async () => ({ plugins: model.plugins() }),
    }),
    hardwareRoute(model),
  ];
}

function hardwareRoute(model: ReadModel): Route {
  return route({
    method: 'GET',
    path: '/api/v1/hardware',
    summary: 'The serial ports and GPIO lines of the configuration, whether they are open, and what is plugged in.',
    needs: 'gateway.read',
    input: z.object({}),
    result: z.object({
      serial: z.array(
        z.object({
          port: z.string(),
          state: lineState,
          stations: z.array(z.object({ station: z.string(), isOnline: z.boolean() })),
        }),
      ),
      /** Plugged in now, also those that the configuration does not name. */
      adapters: z.array(
        z.object({
          path: z.string(),
          label: z.string().optional(),
          byId: z.string().optional(),
          vendor: z.string(),
          product: z.string(),
          serial: z.string().optional(),
          usedBy: z.string().optional(),
        }),
      ),
      gpio: z.array(
        z.object({
          line: z.string(),
          as: z.enum(['input', 'counter', 'output']),
          place: z.string(),
          state: lineState,
        }),
      ),
    }),
    handle: () => model.hardware(),
  });
}
