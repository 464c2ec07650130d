import { readFile } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import { parseYaml } from '../lib/yaml-text.ts';

/** What stands in a YAML file. Rejects with FILE_UNREADABLE, or with CONFIG_INVALID and a line for each fault. */
export async function yamlIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `${file} cannot be read.`, { cause });
  });
  const { document, faults } = parseYaml(text);
  if (faults.length > 0) throw new PortcullisError('CONFIG_INVALID', `${file} is no YAML:\n  ${faults.join('\n  ')}`);
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new PortcullisError('CONFIG_INVALID', `${file}: aliases are not allowed.`, { cause });
  }
}
