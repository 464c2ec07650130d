import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { englishOnly, leaveEnglish } from '../one-language.mjs';
import { run } from './run.ts';
import type { Workplace } from './targets.ts';

/** What no gateway reads at run time. Licences stay. */
const ballast = '**/*.{md,markdown,map,ts,mts,cts,c,cc,cpp,h,hpp,gyp,gypi,mk,tgz,o,d}';
const ballastFolders = [
  'better-sqlite3/deps',
  'better-sqlite3/src',
  'epoll/src',
  'epoll/example',
  'epoll/test',
  '@types',
];

/**
 * `node_modules` of the target: the locked packages with the binaries that npm has for it, and the native modules
 * without a prebuilt binary compiled with the cross compiler. Kept as long as the lock is the same.
 */
export async function installModules(place: Workplace): Promise<void> {
  const { root, modules, target, say } = place;
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256')
    .update(lock)
    .update(JSON.stringify(target))
    .update(ballast + englishOnly)
    .digest('hex');
  const stampFile = join(modules, '.stamp');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return say('modules: unchanged');

  say(`modules: npm ci for ${target.cpu}`);
  rmSync(modules, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(modules, file));
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const platform = [`--cpu=${target.cpu}`, '--os=linux', '--libc=glibc'];
  await run('npm', ['ci', '--omit=dev', '--ignore-scripts', ...quiet, ...platform], { cwd: modules });
  const binaries = new Map<string, Buffer>();
  for (const wanted of target.compiled) {
    say(`modules: compiling ${wanted.name}`);
    const from = join(modules, 'node_modules', wanted.name);
    await compile(place, { from, binary: wanted.binary });
    binaries.set(join(from, wanted.binary), readFileSync(join(from, wanted.binary)));
    rmSync(join(from, 'build'), { recursive: true });
  }
  prune(place);
  for (const [path, bytes] of binaries) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  writeFileSync(stampFile, stamp);
}

/**
 * Compiles a native module where it lies. No optimisation across files: it makes better-sqlite3 take three times as long
 * and nothing faster that a card's fsync would not hide.
 */
export async function compile(
  { root, target }: Pick<Workplace, 'root' | 'target'>,
  { from, binary, optimise = '-O2' }: { from: string; binary: string; optimise?: string },
): Promise<void> {
  const tool = (name: string): string => `${target.triplet}-${name}`;
  // Debug paths would make the binary differ from folder to folder.
  const flags = `-fno-lto ${optimise} -ffile-prefix-map=${from}=.`;
  // Headers differ between releases of Node, not between machines.
  const headers = `--nodedir=${join(root, 'node_modules', `node-linux-${process.arch}`)}`;
  const how = ['rebuild', '--release', `--arch=${target.cpu}`, headers, '--force_build=1', '-j', '2'];
  await run(process.execPath, [nodeGyp(), ...how], {
    cwd: from,
    env: {
      CC: tool('gcc'),
      CXX: tool('g++'),
      AR: tool('ar'),
      LINK: tool('g++'),
      CFLAGS: flags,
      CXXFLAGS: flags,
      LDFLAGS: '-fno-lto',
    },
  });
  await run(tool('strip'), ['--strip-unneeded', join(from, binary)]);
}

/** The compiler driver that npm brings along. */
function nodeGyp(): string {
  const found = (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, 'npm'))
    .find(existsSync);
  if (found === undefined) throw new Error('npm is not on the path');
  return join(dirname(realpathSync(found)), '../node_modules/node-gyp/bin/node-gyp.js');
}

function prune({ modules, target }: Workplace): void {
  const packages = join(modules, 'node_modules');
  leaveEnglish(packages);
  for (const folder of ballastFolders) rmSync(join(packages, folder), { recursive: true, force: true });
  for (const file of globSync(ballast, { cwd: packages, exclude: (name) => name.startsWith('node-linux-') })) {
    const path = join(packages, file);
    if (statSync(path).isFile()) rmSync(path);
  }
  for (const binary of globSync('{*,@*/*}/prebuilds/*', { cwd: packages })) {
    const name = basename(binary, '.node');
    if (name !== target.prebuilt) rmSync(join(packages, binary), { recursive: true });
  }
  for (const binary of globSync('{*,@*/*}/prebuilds/*/*.musl.node', { cwd: packages })) rmSync(join(packages, binary));
}
