import type { Logger } from 'pino';
import type { GatewayEpoch } from '../contracts/passport.ts';
import { inDataFolder, makeDataFolder } from './config/data-folder.ts';
import { gatewayEpoch, gatewayName } from './config/identity.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './lib/clock.ts';
import { clearScratch } from './passport/scratch.ts';
import { isArriving, settleArrival } from './passport/settle-arrival.ts';

export interface OpenIdentity {
  readonly name: string;
  readonly identity: GatewayEpoch;
}

/** Makes the data folder, puts a passport that waits there in its place, and says who this gateway is. */
export async function openIdentity(
  { dataDir, gateway }: Config,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): Promise<OpenIdentity> {
  await inDataFolder(dataDir, () => makeDataFolder(dataDir));
  if (isArriving(dataDir)) {
    // Loaded here only: it brings the driver of the database along.
    const { holdDataDir } = await import('./passport-databases.ts');
    using _held = holdDataDir(dataDir);
    await inDataFolder(dataDir, () => settleArrival(dataDir, clock.wallMs()));
    log.warn('a passport took the place of what was in the data folder; that is kept in before-passport-…');
  }
  await clearScratch(dataDir);
  return { name: await gatewayName(dataDir, gateway), identity: await gatewayEpoch(dataDir) };
}
