import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { PortcullisError } from '../contracts/errors.ts';
import type { AdmittedPlugin } from './admitted-plugin.ts';

export interface AdmissionOrder {
  readonly dataDir: string;
  readonly contracts: readonly string[];
  readonly policy?: string | undefined;
  readonly folders: readonly string[];
}

/** One list per folder, or a sentence: an error loses its class between processes. */
export type AdmissionResult = { readonly found: readonly (readonly AdmittedPlugin[])[] } | { readonly failed: string };

/**
 * Puts the plugins of the folders through the door, in a process that ends: parser and syntax trees left 63 MB of
 * memory behind in a thread of the gateway. Throws PortcullisError when the door itself does not open.
 */
export async function admitInProcess(order: AdmissionOrder): Promise<readonly (readonly AdmittedPlugin[])[]> {
  const file = join(import.meta.dirname, `admission-process${extname(import.meta.filename)}`);
  const child = fork(file, [], { env: {}, execArgv: [], serialization: 'advanced' });
  const ended = once(child, 'exit').then(
    ([code]): AdmissionResult => ({ failed: `The admission of plugins ended with exit code ${String(code)}.` }),
    (error: unknown): AdmissionResult => ({ failed: `The admission of plugins did not start: ${String(error)}` }),
  );
  const answered = new Promise<AdmissionResult>((resolve) => {
    child.once('message', (message) => resolve(message as AdmissionResult));
  });
  child.send(order, () => undefined);
  const result = await Promise.race([answered, ended]);
  await ended;
  if ('failed' in result) throw new PortcullisError('FILE_UNREADABLE', result.failed);
  return result.found;
}
