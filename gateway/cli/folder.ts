import { stat } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';

/** Throws FILE_UNREADABLE where there is no such folder, so that a wrong path is not taken for one with nothing in it. */
export async function requireFolder(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there?.isDirectory()) return;
  throw new PortcullisError('FILE_UNREADABLE', `There is no folder ${folder}.`);
}
