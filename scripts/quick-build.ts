// The compiled build for tests: types are the matter of `npm run check`.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

/** Compiles the gateway into a folder, with what the compiler does not copy beside it; its modules are the caller's matter. */
export async function build(folder: string): Promise<void> {
  const how = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', folder];
  await run(join(root, 'node_modules/.bin/tsc'), how, { cwd: root });
  await run(process.execPath, ['scripts/copy-assets.mjs', folder], { cwd: root });
}
