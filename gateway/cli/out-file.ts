import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';

/** Before the work that fills a file: throws USAGE where it cannot be made, or is there and `overwrites` is false. */
export async function requireOutFile(file: string, { overwrites }: { readonly overwrites: boolean }): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory()) throw unusable(file, 'is a folder: name a file in it');
  if (there !== undefined && !overwrites) throw unusable(file, 'is there already, and nothing is overwritten');
  const folder = dirname(resolve(file));
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: NodeJS.ErrnoException) => {
    throw unusable(file, `cannot be made: the folder ${folder} ${why(cause)}`, cause);
  });
}

const why = ({ code }: NodeJS.ErrnoException): string =>
  code === 'ENOENT' ? 'does not exist' : `cannot be written (${code})`;

const unusable = (file: string, problem: string, cause?: unknown): PortcullisError =>
  new PortcullisError('USAGE', `${file} ${problem}.`, { cause });
