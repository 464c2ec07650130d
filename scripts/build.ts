// The gateway as it ships: compiled, each of its programs put into a few files, its assets beside them.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { bundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);
/** Below the packages, which the compiled modules name. */
const cache = join(root, 'node_modules/.cache');

/** Builds into a folder that it empties first; `node_modules` beside it are the caller's matter, types those of `npm run check`. */
export async function build(folder: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const compiled = realpathSync(mkdtempSync(join(cache, 'compiled-')));
  try {
    const how = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', compiled];
    await run(join(root, 'node_modules/.bin/tsc'), how, { cwd: root });
    rmSync(folder, { recursive: true, force: true });
    await bundle(compiled, folder);
    await run(process.execPath, ['scripts/copy-assets.mjs', folder], { cwd: root });
  } finally {
    rmSync(compiled, { recursive: true, force: true });
  }
}

if (import.meta.main) await build(resolve(root, process.argv[2] ?? 'dist'));
