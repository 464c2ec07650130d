// Puts what the compiler does not copy beside the compiled build: the console's files and the plugins' manifests.
import { cpSync, globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
for (const file of globSync(
  ['gateway/console/*.{html,css,js}', 'plugins/*/plugin.yaml', 'plugins/*/package.json', 'package.json'],
  { cwd: root },
)) {
  cpSync(join(root, file), join(root, 'dist', file));
}
