import type { GatewayEpoch } from '../contracts/passport.ts';
import type { Config } from './config/schema.ts';
import { serviceManager } from './config/service-manager.ts';
import { askProcess } from './lib/ask-process.ts';
import type { Clock } from './lib/clock.ts';
import { openPassportDesk, type DeskOrder, type DeskResult, type PassportDesk } from './passport/desk.ts';
import { version } from './version.ts';

export interface PassportSource {
  readonly name: string;
  readonly own: { readonly identity: GatewayEpoch };
  readonly written: object;
  readonly clock: Clock;
  /** Resolved when the gateway shall start anew. */
  readonly anew: { readonly resolve: (how: 'restart') => void };
}

/** Copying, packing, unpacking and reading a full database, on a slow card. */
const withinMs = 3_600_000;

/** Passports of the gateway that runs, made and taken in a process that ends. */
export function openPassports({ dataDir }: Config, known: PassportSource): Promise<PassportDesk> {
  const { name, own, written, clock, anew } = known;
  return openPassportDesk({
    dataDir,
    order: () => ({ dataDir, gateway: name, identity: own.identity, version, nowMs: clock.wallMs(), written }),
    ask: async (order: DeskOrder): Promise<DeskResult> => {
      const result = await askProcess<DeskResult>(import.meta, 'passport-process', order, withinMs);
      if (!('failed' in result)) return result;
      return { refused: { code: 'INTERNAL', message: `The work on the passport ${result.failed}.` } };
    },
    // Without a service manager nobody would start it again.
    restart: serviceManager() && ((): void => anew.resolve('restart')),
  });
}
