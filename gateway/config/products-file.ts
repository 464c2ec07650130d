import { parse } from 'yaml';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { readConfigured } from './read-text.ts';
import { productsSchema } from './tuya-schema.ts';

const maxCharacters = 1_048_576;

/**
 * The products of device profiles, from the YAML file that `cloud.tuya.products` names. Throws FILE_UNREADABLE, or
 * CONFIG_INVALID with a line per problem.
 */
export async function readProducts(file: string): Promise<z.infer<typeof productsSchema>> {
  const text = await readConfigured(file, 'cloud.tuya.products');
  const refuse = (why: string): never => {
    throw new PortcullisError('CONFIG_INVALID', `cloud.tuya.products: ${file} is not a list of products: ${why}`);
  };
  if (text.length > maxCharacters) return refuse('it is too large.');
  const result = productsSchema.safeParse(parsed(text, refuse));
  return result.success ? result.data : refuse(z.prettifyError(result.error));
}

function parsed(text: string, refuse: (why: string) => never): unknown {
  try {
    return parse(text, { uniqueKeys: true, version: '1.2', maxAliasCount: 0 });
  } catch (error) {
    return refuse((error as Error).message);
  }
}
