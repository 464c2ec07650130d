import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { gatewayEpochSchema, type GatewayEpoch } from '../../contracts/passport.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { inDataFolder } from './data-folder.ts';
import { readIfThere } from './read-text.ts';

/**
 * The name of this gateway, stamped on every message: the configured one, or one like `gw-7f3a` that is made at the
 * first start and kept in the data folder. It never changes with the host name.
 */
export function gatewayName(dataDir: string, configured: string | undefined): Promise<string> {
  const make = (): string => `gw-${randomBytes(2).toString('hex')}`;
  return configured === undefined ? keep(dataDir, 'gateway-name', make) : Promise.resolve(configured);
}

/** What opens the calls that change something, for whoever may read the data folder. */
export function adminToken(dataDir: string): Promise<string> {
  return keep(dataDir, adminTokenFile, () => randomBytes(24).toString('base64url'));
}

/** Encrypts what nodes of flows keep as credentials; another gateway cannot read them. */
export function flowsSecret(dataDir: string): Promise<string> {
  return keep(dataDir, 'flows-secret', () => randomBytes(32).toString('base64url'));
}

/**
 * Which of those that have this gateway's name it is. A passport does not carry it: whoever restores one raises the epoch. Throws
 * FILE_UNREADABLE for a file that says neither, because to begin anew would let two gateways run as one.
 */
export async function gatewayEpoch(dataDir: string): Promise<GatewayEpoch> {
  const made = { epoch: 1, instance: randomBytes(8).toString('hex') };
  const text = await keep(dataDir, epochFile, () => JSON.stringify(made));
  try {
    return gatewayEpochSchema.parse(JSON.parse(text));
  } catch (cause) {
    const sentence = `${join(dataDir, epochFile)} is damaged. Restore the passport again.`;
    throw new PortcullisError('FILE_UNREADABLE', sentence, { cause });
  }
}

/** Lets this gateway run in a higher epoch from its next start on. */
export async function raiseEpoch(dataDir: string, epoch: number): Promise<void> {
  const raised = gatewayEpochSchema.parse({ epoch, instance: randomBytes(8).toString('hex') });
  await inDataFolder(dataDir, () => atomicWrite(join(dataDir, epochFile), `${JSON.stringify(raised)}\n`));
}

const epochFile = 'gateway-epoch';

export const adminTokenFile = 'admin-token';

/** What the file says, or what is made now and kept for the gateway's user only. A file that is there is never replaced. */
async function keep(dataDir: string, name: string, make: () => string): Promise<string> {
  const file = join(dataDir, name);
  const kept = (await readIfThere(file))?.trim() ?? '';
  if (kept !== '') return kept;
  const made = make();
  await inDataFolder(dataDir, () => atomicWrite(file, `${made}\n`));
  return made;
}
