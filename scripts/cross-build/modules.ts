import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
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
 * `node_modules` of the target: the locked packages with the binaries that npm has for it, and the one native module
 * without a prebuilt binary (epoll, under onoff) compiled with the cross compiler. Kept as long as the lock is the same.
 */
export async function installModules(place: Workplace): Promise<void> {
  const { root, modules, target, say } = place;
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256').update(lock).update(JSON.stringify(target)).update(ballast).digest('hex');
  const stampFile = join(modules, '.stamp');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return say('modules: unchanged');

  say(`modules: npm ci for ${target.cpu}`);
  rmSync(modules, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(modules, file));
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const platform = [`--cpu=${target.cpu}`, '--os=linux', '--libc=glibc'];
  await run('npm', ['ci', '--omit=dev', '--ignore-scripts', ...quiet, ...platform], { cwd: modules });
  say('modules: compiling epoll');
  await compileEpoll(place);
  prune(place);
  writeFileSync(stampFile, stamp);
}

async function compileEpoll({ modules, target }: Workplace): Promise<void> {
  const tool = (name: string): string => `${target.triplet}-${name}`;
  // npm puts this folder first on the path, and the Node in it is the target's.
  rmSync(join(modules, 'node_modules/.bin'), { recursive: true });
  await run('npm', ['rebuild', 'epoll', '--loglevel=error'], {
    cwd: modules,
    env: {
      CC: tool('gcc'),
      CXX: tool('g++'),
      AR: tool('ar'),
      LINK: tool('g++'),
      // Debug paths would make the binary differ from folder to folder.
      CXXFLAGS: `-ffile-prefix-map=${modules}=.`,
      npm_config_arch: target.cpu,
      npm_config_nodedir: join(modules, 'node_modules', target.nodePackage),
    },
  });
  const built = join(modules, 'node_modules/epoll/build');
  const binary = readFileSync(join(built, 'Release/epoll.node'));
  rmSync(built, { recursive: true });
  mkdirSync(join(built, 'Release'), { recursive: true });
  writeFileSync(join(built, 'Release/epoll.node'), binary);
  await run(tool('strip'), ['--strip-unneeded', join(built, 'Release/epoll.node')]);
}

function prune({ modules, target }: Workplace): void {
  const packages = join(modules, 'node_modules');
  for (const folder of ballastFolders) rmSync(join(packages, folder), { recursive: true, force: true });
  for (const file of globSync(ballast, { cwd: packages, exclude: (name) => name === target.nodePackage })) {
    const path = join(packages, file);
    if (statSync(path).isFile()) rmSync(path);
  }
  for (const binary of globSync('{*,@*/*}/prebuilds/*', { cwd: packages })) {
    const name = basename(binary, '.node');
    if (name !== target.prebuilt) rmSync(join(packages, binary), { recursive: true });
  }
  for (const binary of globSync('{*,@*/*}/prebuilds/*/*.musl.node', { cwd: packages })) rmSync(join(packages, binary));
}
