import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayEpoch, Manifest } from '../../contracts/passport.ts';
import { syncFolder } from '../lib/atomic-write.ts';
import { tryPassport, type ProvingParts } from './make.ts';
import { waiting } from './settle-arrival.ts';
import { forRoot } from './staged-files.ts';

export interface ArrivalOrder {
  readonly file: string;
  readonly passphrase: string;
  readonly dataDir: string;
  /** Drawn for the gateway that comes out of it. */
  readonly instance: string;
  /** The epoch in the file `gateway-epoch`; without it the one after the passport's. */
  readonly epoch?: number | undefined;
  /** What is written on this machine, in front of what the passport brings. */
  readonly machine?: object;
}

/**
 * Unpacks a passport in the data folder and proves it; `settleArrival` puts it in place. Its epoch is raised, so that sinks can tell
 * the new gateway from the old. Throws what `tryPassport` throws, and changes nothing then.
 */
export async function prepareArrival(order: ArrivalOrder, parts: ProvingParts): Promise<Manifest> {
  const { dataDir, instance } = order;
  const unfinished = join(dataDir, `${waiting}.tmp`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  try {
    const manifest = await tryPassport(order, unfinished, parts);
    const identity: GatewayEpoch = { epoch: order.epoch ?? manifest.epoch + 1, instance };
    const own = [
      ['gateway-name', manifest.gateway],
      ['gateway-epoch', JSON.stringify(identity)],
      // It has its accounts: no code on a label opens it once more.
      ['claimed', 'by its passport'],
    ] as const;
    await rm(join(unfinished, 'data', forRoot), { recursive: true, force: true });
    for (const [name, content] of own) await writeDurably(join(unfinished, 'data', name), `${content}\n`);
    await syncFolders(unfinished);
    await rm(join(dataDir, waiting), { recursive: true, force: true });
    await rename(unfinished, join(dataDir, waiting));
    await syncFolder(dataDir);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

async function writeDurably(path: string, content: string): Promise<void> {
  await writeFile(path, content, { mode: 0o600, flush: true });
}

async function syncFolders(root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await syncFolder(join(entry.parentPath, entry.name));
  await syncFolder(root);
}
