import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

const usualNames = ['contract.yaml', 'plugin.contract.yaml', 'contract.yml'];

/**
 * The contract for a plugin folder when none is named: `contract.yaml`, `plugin.contract.yaml` or the only
 * `*.contract.yaml` in the folder, or else `<folder name>.contract.yaml` among `shelves`. Undefined when there is none:
 * that is a refusal, never an admission.
 */
export async function findContract(folder: string, shelves: readonly string[]): Promise<string | undefined> {
  const names = await namesIn(folder);
  const usual = usualNames.find((name) => names.includes(name));
  if (usual !== undefined) return join(folder, usual);
  const own = names.filter((name) => name.endsWith('.contract.yaml'));
  if (own.length === 1 && own[0] !== undefined) return join(folder, own[0]);
  const wanted = `${basename(resolve(folder))}.contract.yaml`;
  for (const shelf of shelves) {
    if ((await namesIn(shelf)).includes(wanted)) return join(shelf, wanted);
  }
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
