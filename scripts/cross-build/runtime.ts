import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackPackages } from './emulated-root.ts';
import { run } from './run.ts';
import type { Workplace } from './targets.ts';

/**
 * `runtime/node` of the tree, and its version as text for who cannot run it. npm's binary needs nothing but the C library.
 * Debian's needs libraries that are newer than the boards', so they come along, C library and dynamic loader included, and
 * the program names that loader by its absolute path: such a tree lies (or is linked) at `/usr/lib/portcullis`. Started
 * through the loader instead, Node would take the loader for its own program and could not start its child processes.
 */
export async function layRuntime(place: Workplace): Promise<void> {
  const { node } = place.target;
  const holder = 'npm' in node ? await layNpmRuntime(place, node.npm) : await layDebianRuntime(place, node.debianSuite);
  const version = /\/v(24\.\d+\.\d+)\0/.exec(readFileSync(holder).toString('latin1'))?.[1];
  if (version === undefined) throw new Error(`${holder} is not Node 24`);
  writeFileSync(join(place.tree, 'runtime/version'), `${version}\n`);
}

async function layNpmRuntime({ modules, tree, target }: Workplace, name: string): Promise<string> {
  const [from, to] = [join(modules, 'node_modules', name), join(tree, 'runtime/node')];
  await run(`${target.triplet}-strip`, ['-o', to, join(from, 'bin/node')]);
  cpSync(join(from, 'LICENSE'), join(tree, 'runtime/LICENSE'));
  return to;
}

const installed = '/usr/lib/portcullis/runtime';

/** Parts of Node's own library that Debian keeps in files of other packages: where it looks, and where they are put. */
const ownFiles: Readonly<Record<string, string>> = {
  '/usr/share/nodejs/undici/undici-fetch.js': 'js/undici.js',
  '/usr/share/nodejs/acorn/dist/acorn.js': 'js/a.js',
  '/usr/share/nodejs/acorn-walk/dist/walk.js': 'js/walk.js',
};

async function layDebianRuntime({ out, tree, target, say }: Workplace, suite: string): Promise<string> {
  say(`runtime: Node of Debian ${suite}`);
  const folder = join(out, 'work', `node-${target.arch}-${suite}`);
  await unpackPackages(folder, { arch: target.debian, suite, packages: 'nodejs' });
  const [from, to] = [join(folder, 'usr/lib', target.triplet), join(tree, 'runtime')];
  mkdirSync(join(to, 'lib'), { recursive: true });
  mkdirSync(join(to, 'js'));
  cpSync(join(folder, 'usr/bin/node'), join(to, 'node'));
  cpSync(join(folder, 'usr/share/doc/nodejs/copyright'), join(to, 'LICENSE'));

  const libraries = new Set<string>();
  const waiting = await neededBy(join(to, 'node'), target.triplet);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (libraries.has(name)) continue;
    libraries.add(name);
    copyFileSync(join(from, name), join(to, 'lib', name));
    waiting.push(...(await neededBy(join(to, 'lib', name), target.triplet)));
  }
  const isOfC = /^(ld-linux|libc\.so)/;
  const loader = [...libraries].find((name) => name.startsWith('ld-linux'));
  await run('patchelf', [
    '--set-interpreter',
    `${installed}/lib/${loader}`,
    '--set-rpath',
    '$ORIGIN/lib',
    join(to, 'node'),
  ]);
  for (const name of libraries)
    if (!isOfC.test(name)) await run('patchelf', ['--set-rpath', '$ORIGIN', join(to, 'lib', name)]);
  const libnode = join(to, 'lib', [...libraries].find((name) => name.startsWith('libnode')) ?? '');
  moveOwnFiles(folder, to, libnode);
  return libnode;
}

async function neededBy(file: string, triplet: string): Promise<string[]> {
  const text = await run(`${triplet}-objdump`, ['-p', file]);
  return [...text.matchAll(/^ *NEEDED +(\S+)$/gm)].map(([, name = '']) => name);
}

/** The paths are text in the library, so the new ones have exactly their length: slashes fill them up. */
function moveOwnFiles(folder: string, to: string, library: string): void {
  let bytes = readFileSync(library).toString('latin1');
  for (const [path, name] of Object.entries(ownFiles)) {
    const fill = path.length - installed.length - name.length;
    if (fill < 1 || !bytes.includes(path) || !existsSync(join(folder, path)))
      throw new Error(`Node of Debian no longer looks for ${path}; see scripts/cross-build/runtime.ts`);
    bytes = bytes.replaceAll(path, `${installed}${'/'.repeat(fill)}${name}`);
    copyFileSync(join(folder, path), join(to, name));
  }
  writeFileSync(library, Buffer.from(bytes, 'latin1'));
}
