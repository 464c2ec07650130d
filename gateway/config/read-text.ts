import { readFile } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';

/** The text of a file, or undefined when there is none, also where its folder is a file. Throws FILE_UNREADABLE when there is one that may not be read. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) return undefined;
    throw unreadable(path, cause);
  }
}

/** The text of a file. Throws FILE_UNREADABLE; `prefix` begins its message. */
export async function readText(path: string, prefix = ''): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(`${prefix}${path}`, cause);
  }
}

/**
 * Reads a file that the configuration names, for example a secret, without the white space around its text. Throws
 * FILE_UNREADABLE, also for an empty file; the error names the key and never the content.
 */
export async function readConfigured(path: string, key: string): Promise<string> {
  const text = (await readText(path, `${key}: `)).trim();
  if (text === '') throw new PortcullisError('FILE_UNREADABLE', `${key}: ${path} is empty.`);
  return text;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';

const unreadable = (what: string, cause: unknown): PortcullisError =>
  new PortcullisError('FILE_UNREADABLE', `${what} cannot be read (${codeOf(cause)}).`, { cause });
