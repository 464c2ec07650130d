import { chmod, chown, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Isolation } from '../admission/host/facts.ts';
import { gatewayIsolation } from '../admission/host/facts.ts';
import { cellGroup, cellProgram, findConfinement, type Confinement } from '../cells/confinement.ts';

/** What a cell on this host is kept from, found out by trying; `dataDir` must be there. */
export async function openConfinement(dataDir: string): Promise<Confinement> {
  const home = join(dataDir, 'admission');
  const store = join(home, 'store');
  await mkdir(join(store, 'sha256'), { recursive: true });
  // Whatever the gateway's umask takes away: what is stored is code that was checked, and no secret.
  for (const folder of [store, join(store, 'sha256')]) await chmod(folder, 0o755);
  if (process.getuid?.() === 0) for (const folder of [dataDir, home]) await letCellsPass(folder);
  const zod = dirname(fileURLToPath(import.meta.resolve('zod')));
  return findConfinement(
    [cellProgram, zod, join(import.meta.dirname, '../../contracts'), store, join(store, 'sha256')],
    {
      hidden: { folder: await realpath(dataDir), but: await realpath(store) },
    },
  );
}

/**
 * Cells with a user of their own must get through the private folders of a gateway that is root, down to the store: their
 * group may pass, and neither list nor read. A folder that the operator opened to a group or to others stays as it is.
 */
async function letCellsPass(folder: string): Promise<void> {
  const { mode, uid } = await stat(folder);
  if (uid !== 0 || (mode & 0o077) !== 0) return;
  await chown(folder, uid, cellGroup);
  await chmod(folder, 0o710);
}

/** The isolation of this gateway's cells, for decisions and their records. */
export function isolationOf({ walls }: Pick<Confinement, 'walls'>): Isolation {
  const isApart = walls.includes('user') || walls.includes('signals');
  return { ...gatewayIsolation, kernel: walls, level: isApart && walls.includes('network') ? 2 : 1 };
}
