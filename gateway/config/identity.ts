import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite } from '../lib/atomic-write.ts';

/**
 * The name of this gateway, stamped on every message: the configured one, or one like `gw-7f3a` that is made at the
 * first start and kept in the data folder. It never changes with the host name.
 */
export async function gatewayName(dataDir: string, configured: string | undefined): Promise<string> {
  if (configured !== undefined) return configured;
  const file = join(dataDir, 'gateway-name');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept !== '') return kept.trim();
  const made = `gw-${randomBytes(2).toString('hex')}`;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await atomicWrite(file, `${made}\n`, 0o644);
  return made;
}
