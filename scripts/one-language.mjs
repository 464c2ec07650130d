// zod loads the words of 64 languages wherever it is imported: in each process and thread of a gateway, which says them in
// English alone (decision 0205).
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What stands in place of zod's list of languages. Its other form (CommonJS) is nobody's here. */
export const englishOnly = "export { default as en } from './en.js';\n";

/** Leaves English of zod's languages in a folder `node_modules`; does nothing where that is done. */
export function leaveEnglish(modules) {
  const list = join(modules, 'zod/v4/locales/index.js');
  if (readFileSync(list, 'utf8') === englishOnly) return;
  // Others may be loading it.
  writeFileSync(`${list}.new`, englishOnly);
  renameSync(`${list}.new`, list);
}
