import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';
import type { Workplace } from './targets.ts';

/** Finds its own folder, also through a link, so that the tree may lie anywhere. */
const starter = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/..
exec "$here/runtime/node" --disable-sigusr1 "$here/app/gateway/cli.js" "$@"
`;

/**
 * Lays out what ships: `bin/portcullis`, `runtime/node`, `app/` (compiled, with its modules), `systemd/`. Modes are set here,
 * owners and times when it is packed.
 */
export async function layOut({ root, modules, tree, target, say }: Workplace): Promise<void> {
  say('tree: compiling TypeScript');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await run('npm', ['run', '--silent', 'build'], { cwd: root });
  say('tree: laying out');
  rmSync(tree, { recursive: true, force: true });
  for (const folder of ['bin', 'runtime']) mkdirSync(join(tree, folder), { recursive: true });
  cpSync(join(root, 'dist'), join(tree, 'app'), { recursive: true });
  const nodePackage = join(modules, 'node_modules', target.nodePackage);
  cpSync(join(modules, 'node_modules'), join(tree, 'app/node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) =>
      from !== nodePackage && !from.endsWith('/node_modules/.bin') && !from.endsWith('.package-lock.json'),
  });
  cpSync(join(root, 'systemd'), join(tree, 'systemd'), { recursive: true });
  writeFileSync(join(tree, 'bin/portcullis'), starter, { mode: 0o755 });
  await run(`${target.triplet}-strip`, ['-o', join(tree, 'runtime/node'), join(nodePackage, 'bin/node')]);
  cpSync(join(nodePackage, 'LICENSE'), join(tree, 'runtime/LICENSE'));
  await run('chmod', ['-R', 'u=rwX,go=rX', tree]);
}
