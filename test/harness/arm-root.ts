import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { installInto, madeOnce, makeRoot, registerEmulator } from '../../scripts/cross-build/emulated-root.ts';
import { compile } from '../../scripts/cross-build/modules.ts';
import { run } from '../../scripts/cross-build/run.ts';
import { layRuntime } from '../../scripts/cross-build/runtime.ts';
import { workplace, type Target, type Workplace } from '../../scripts/cross-build/targets.ts';
import { writeStarter } from '../../scripts/cross-build/tree.ts';
import { layBuilt } from './built.ts';

const root = join(import.meta.dirname, '../..');
const cache = join(homedir(), '.cache/portcullis/arm');

interface Locked {
  readonly dev?: boolean;
  readonly version: string;
  readonly integrity?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
const locked = Object.entries((JSON.parse(lock) as { packages: Record<string, Locked> }).packages)
  .filter(([path, { dev }]) => path.startsWith('node_modules/') && dev !== true)
  .filter(([path]) => !path.includes('/node_modules/'));

/**
 * A root file system of the target with the gateway of this working tree, for one test. What has to be loaded or compiled for
 * the target is kept in the home folder from run to run; plain JavaScript is this machine's own.
 */
export async function armRoot(t: TestContext, target: Target): Promise<string> {
  mkdirSync(cache, { recursive: true });
  await registerEmulator(target, cache);
  const small = await makeRoot(target, join(cache, `root-${target.arch}-${target.suite}`));
  const stamp = createHash('sha256').update(lock).update(JSON.stringify(target)).digest('hex').slice(0, 12);
  const forTarget = await madeOnce(join(cache, `${target.arch}-${stamp}`), (folder) => takeForTarget(folder, target));

  const own = mkdtempSync(join(cache, 'run-'));
  t.after(() => rmSync(own, { recursive: true, force: true, maxRetries: 3 }));
  const tree = join(own, 'tree');
  await run('cp', ['-a', join(forTarget, 'work', target.arch, 'tree'), tree]);
  await layBuilt(join(tree, 'app'));
  // What the target has of its own goes over what this machine has.
  await run('cp', ['-a', join(forTarget, 'work', target.arch, 'modules/node_modules'), join(tree, 'app')]);
  const guest = join(own, 'root');
  await run('cp', ['-a', small, guest]);
  await installInto(guest, tree);
  return guest;
}

async function takeForTarget(folder: string, target: Target): Promise<void> {
  const place = workplace(folder, { target, root, version: '0', epoch: 0, say: () => undefined });
  const modules = join(place.modules, 'node_modules');
  mkdirSync(modules, { recursive: true });
  mkdirSync(join(place.tree, 'runtime'), { recursive: true });
  const here = locked.filter(([path, { cpu }]) => cpu === undefined && existsSync(join(root, path)));
  for (const [path] of here) cpSync(join(root, path), join(place.modules, path), { recursive: true });
  for (const [path, entry] of locked) if (isFor(target, entry)) await takePackage(path, entry, place);
  const sqlite = target.compiled.find(({ name }) => name === 'better-sqlite3');
  // Compiled for speed of compiling: what ships is tried by the cross-build.
  if (sqlite !== undefined)
    await compile(place, { from: join(modules, sqlite.name), binary: sqlite.binary, optimise: '-O0' });
  await layRuntime(place);
  if ('npm' in target.node) rmSync(join(modules, target.node.npm), { recursive: true });
  writeStarter(place.tree);
}

const isFor = ({ cpu: wanted }: Target, { os, cpu, libc }: Locked): boolean =>
  cpu?.includes(wanted) === true && os?.includes('linux') === true && libc?.includes('musl') !== true;

async function takePackage(path: string, { version, integrity }: Locked, { modules }: Workplace): Promise<void> {
  const name = path.slice('node_modules/'.length);
  if (name.includes('musl')) return;
  const to = join(modules, path);
  mkdirSync(to, { recursive: true });
  const packed = await run('npm', [
    'pack',
    `${name}@${version}`,
    '--json',
    '--loglevel=error',
    '--pack-destination',
    to,
  ]);
  const [{ filename = '' } = {}] = JSON.parse(packed) as { filename?: string }[];
  const file = join(to, filename);
  const hash = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (hash !== integrity) throw new Error(`${name} is not what package-lock.json says`);
  await run('tar', ['-xzf', file, '-C', to, '--strip-components=1']);
  rmSync(file);
}
