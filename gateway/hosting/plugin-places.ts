import { join } from 'node:path';
import type { Config } from '../config/schema.ts';

/** The plugins that come with the gateway, one folder each. */
export const shippedFolder = join(import.meta.dirname, '../../plugins');

/** Folders with `<name>.contract.yaml`, the gateway's own first: a site adds contracts and replaces none of ours. */
export function contractShelves({ dataDir }: Pick<Config, 'dataDir'>): readonly string[] {
  return [join(import.meta.dirname, '../../contracts/plugins'), join(dataDir, 'contracts')];
}
