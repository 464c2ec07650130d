// Puts what the compiler does not copy beside the compiled build: the console's page, built first where it is not, the plugins' manifests and their
// contracts, whose entry is then the compiled file.
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import './build-console.mjs';

const root = join(import.meta.dirname, '..');
/** Folder of the compiled build. */
const dist = process.argv[2] ?? join(root, 'dist');
for (const file of globSync(
  [
    'gateway/console/built/**/*.*',
    'gateway/rules/shipped/*.yaml',
    'gateway/flows/palette/*.{html,json}',
    'gateway/flows/templates/*',
    'plugins/*/package.json',
    'package.json',
  ],
  {
    cwd: root,
  },
)) {
  cpSync(join(root, file), join(dist, file));
}
for (const file of globSync(['plugins/*/plugin.yaml', 'contracts/plugins/*.contract.yaml'], { cwd: root })) {
  const target = join(dist, file);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, readFileSync(join(root, file), 'utf8').replaceAll('entry: index.ts', 'entry: index.js'));
}
