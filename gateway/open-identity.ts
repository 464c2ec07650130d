import type { GatewayEpoch } from '../contracts/passport.ts';
import { inDataFolder, makeDataFolder } from './config/data-folder.ts';
import { finishReset, isResetting } from './config/factory-reset.ts';
import { gatewayEpoch, gatewayName } from './config/identity.ts';
import type { Config } from './config/schema.ts';
import { clearScratch } from './passport/scratch.ts';
import { isArriving, settleArrival } from './passport/settle-arrival.ts';

export interface OpenIdentity {
  readonly name: string;
  readonly identity: GatewayEpoch;
}

/** Goes on with a factory reset that was cut off; false when there is none. No gateway runs on what it left over. */
export async function settleReset(dataDir: string): Promise<boolean> {
  if (!isResetting(dataDir)) return false;
  const { holdDataDir } = await import('./passport-parts.ts');
  using _held = holdDataDir(dataDir);
  await inDataFolder(dataDir, () => finishReset(dataDir));
  return true;
}

/** Puts a passport that waits in the data folder in its place; false when none does. Its configuration holds from then on. */
export async function settlePassport(dataDir: string, nowMs: number): Promise<boolean> {
  if (!isArriving(dataDir)) return false;
  // Loaded here only: it brings the driver of the database along.
  const { holdDataDir } = await import('./passport-parts.ts');
  using _held = holdDataDir(dataDir);
  return inDataFolder(dataDir, () => settleArrival(dataDir, nowMs));
}

/** Makes the data folder, and says who this gateway is. */
export async function openIdentity({ dataDir, gateway }: Config): Promise<OpenIdentity> {
  await inDataFolder(dataDir, () => makeDataFolder(dataDir));
  await clearScratch(dataDir);
  return { name: await gatewayName(dataDir, gateway), identity: await gatewayEpoch(dataDir) };
}
