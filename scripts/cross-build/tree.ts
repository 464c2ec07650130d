import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../build.ts';
import { run } from './run.ts';
import { layRuntime } from './runtime.ts';
import { stampSupport } from './support.ts';
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
export async function layOut(place: Workplace): Promise<void> {
  const { root, modules, tree, say } = place;
  say('tree: compiling TypeScript');
  // Not `npm run build`: its set-up would touch the modules that this very program runs from.
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--noEmit'], { cwd: root });
  await build(join(root, 'dist'));
  say('tree: laying out');
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(join(tree, 'runtime'), { recursive: true });
  cpSync(join(root, 'dist'), join(tree, 'app'), { recursive: true });
  stampSupport(place);
  cpSync(join(modules, 'node_modules'), join(tree, 'app/node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !/\/node_modules\/(\.bin|\.package-lock\.json|node-linux-[^/]*)$/.test(from),
  });
  cpSync(join(root, 'systemd'), join(tree, 'systemd'), { recursive: true });
  writeStarter(tree);
  await layRuntime(place);
  await run('chmod', ['-R', 'u=rwX,go=rX', tree]);
}

/** `bin/portcullis` of a tree. */
export function writeStarter(tree: string): void {
  mkdirSync(join(tree, 'bin'), { recursive: true });
  writeFileSync(join(tree, 'bin/portcullis'), starter, { mode: 0o755 });
  cpSync(join(import.meta.dirname, '../../systemd/portcullis-flows'), join(tree, 'bin/portcullis-flows'));
}
