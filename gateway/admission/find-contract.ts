import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const usualNames = ['contract.yaml', 'plugin.contract.yaml', 'contract.yml'];

/**
 * The contract that lies in a plugin folder: `contract.yaml`, `plugin.contract.yaml` or the only `*.contract.yaml`.
 * For the author's own checks; a gateway never asks a plugin what it should be held to.
 */
export async function contractBeside(folder: string): Promise<string | undefined> {
  const names = await namesIn(folder);
  const usual = usualNames.find((name) => names.includes(name));
  if (usual !== undefined) return join(folder, usual);
  const own = names.filter((name) => name.endsWith('.contract.yaml'));
  return own.length === 1 && own[0] !== undefined ? join(folder, own[0]) : undefined;
}

/** `<name>.contract.yaml` on the first shelf that has it. Undefined is a refusal, never an admission. */
export async function contractOnShelf(name: string, shelves: readonly string[]): Promise<string | undefined> {
  const wanted = `${name}.contract.yaml`;
  for (const shelf of shelves) if ((await namesIn(shelf)).includes(wanted)) return join(shelf, wanted);
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
