import { PortcullisError } from '../../contracts/errors.ts';
import type { Isolation } from '../admission/host/facts.ts';
import type { Origin } from '../admission/types.ts';
import type { Given } from '../admission/open-admission.ts';
import type { AdmittedPlugin } from './admitted-plugin.ts';
import { askProcess } from '../lib/ask-process.ts';

export interface AdmissionOrder {
  readonly dataDir: string;
  readonly contracts: readonly string[];
  readonly policy?: string | undefined;
  readonly folders: readonly { readonly folder: string; readonly origin: Origin }[];
  /** Variables and secrets by plugin: values go to the process over its channel and nowhere else. */
  readonly given: ReadonlyMap<string, Given>;
  /** What cells on this host are kept from. */
  readonly isolation: Isolation;
}

/** One list per folder, or a sentence. */
export type AdmissionResult = { readonly found: readonly (readonly AdmittedPlugin[])[] } | { readonly refused: string };

const withinMs = 600_000;

/**
 * Puts the plugins of the folders through the door, in a process that ends: parser and syntax trees left 63 MB of
 * memory behind in a thread of the gateway. Throws PortcullisError when the door itself does not open.
 */
export async function admitInProcess(order: AdmissionOrder): Promise<readonly (readonly AdmittedPlugin[])[]> {
  const result = await askProcess<AdmissionResult>(import.meta, 'admission-process', order, withinMs);
  if ('found' in result) return result.found;
  const why = 'refused' in result ? result.refused : `The admission of plugins ${result.failed}.`;
  throw new PortcullisError('FILE_UNREADABLE', why);
}
