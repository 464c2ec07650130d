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
  ledger(query: { device?: string }): Promise<{
    readonly balanced: boolean;
    readonly sinks: readonly LedgerLine[];
    readonly devices: readonly (LedgerLine & { readonly device: string })[];
    readonly reasons: readonly object[];
    readonly outages: readonly object[];
  }>;
  plugins(): readonly object[];
  hardware(): { readonly serial: readonly object[]; readonly gpio: readonly object[] };
  deadLetters(query: { limit: number }): Promise<readonly { readonly sample: Uint8Array }[]>;
}

/** `missing`: waited for; `failed`: there, but it cannot be opened. */
const lineState = z.enum(['missing', 'failed', 'open']);

const limit = z.coerce.number().int().min(1).max(1_000).default(100);

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
        const ledger = await model.ledger(device === undefined ? {} : { device });
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
    route({
      method: 'GET',
      path: '/api/v1/dead-letters',
      summary: 'Messages that could not be used, newest first, with reason, topic and a sample.',
      needs: 'gateway.read',
      input: z.object({ limit: limit }),
      result: z.object({
        deadLetters: z.array(z.looseObject({ sample: z.string(), sampleEncoding: z.enum(['utf-8', 'base64']) })),
      }),
      handle: async ({ limit }) => ({
        deadLetters: (await model.deadLetters({ limit })).map(shownLetter),
      }),
    }),
  ];
}

function hardwareRoute(model: ReadModel): Route {
  return route({
    method: 'GET',
    path: '/api/v1/hardware',
    summary: 'The serial ports and GPIO lines of the configuration, and whether they are open.',
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
      gpio: z.array(
        z.object({
          line: z.string(),
          as: z.enum(['input', 'counter', 'output']),
          place: z.string(),
          state: lineState,
        }),
      ),
    }),
    handle: async () => model.hardware(),
  });
}

/** A dead letter with its sample as text where it is text; a cut may have split its last character. */
function shownLetter({ sample, ...letter }: { readonly sample: Uint8Array }): object {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true });
    return { ...letter, sample: text, sampleEncoding: 'utf-8' };
  } catch {
    return { ...letter, sample: Buffer.from(sample).toString('base64'), sampleEncoding: 'base64' };
  }
}
