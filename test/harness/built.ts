import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../../scripts/build.ts';
import { cli } from './cli.ts';

/** The gateway of this working tree compiled into a folder, without its modules. What this run has compiled is copied. */
export async function layBuilt(folder: string): Promise<void> {
  if (!cli.endsWith('.js')) return build(folder);
  const built = join(cli, '../..');
  await cp(built, folder, { recursive: true, filter: (from) => from !== join(built, 'node_modules') });
}
