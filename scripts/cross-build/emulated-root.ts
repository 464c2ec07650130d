import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.ts';
import type { Target } from './targets.ts';

/** What Node and a shell script need; nothing is configured, so no byte of the target runs while it is made. */
const packages = 'base-files,libc6,libstdc++6,libgcc-s1,dash,coreutils,ca-certificates';
const mirror = 'http://deb.debian.org/debian';
const binfmt = '/proc/sys/fs/binfmt_misc';

/** Programs of this machine (and their packages) that the functions here need. */
export const emulationTools = { mmdebstrap: 'mmdebstrap', 'arch-test': 'arch-test', 'dpkg-deb': 'dpkg' };

/**
 * Makes a folder once: `make` fills another one, which takes the name when it is complete. An interrupted or failed make
 * leaves nothing that could be taken for the whole, and of two at the same time one is thrown away.
 */
export async function madeOnce(folder: string, make: (folder: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const making = mkdtempSync(`${folder}.making-`);
  chmodSync(making, 0o755);
  try {
    await make(making);
    if (!existsSync(folder)) renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Lets the kernel start programs of the target through QEMU, also inside a chroot: with the flag F the emulator is opened
 * now and not looked up there. The emulator is the one of Debian's backports, half to twice as fast as Debian 12's. Needs root.
 */
export async function registerEmulator({ emulator: { name, magic, mask } }: Target, cache: string): Promise<void> {
  if (!existsSync(join(binfmt, 'register'))) await run('mount', ['-t', 'binfmt_misc', 'none', binfmt]);
  if (existsSync(join(binfmt, `portcullis-${name}`))) return;
  const folder = await madeOnce(join(cache, 'qemu'), unpackEmulators);
  const line = `:portcullis-${name}:M::${magic}:${mask}:${join(folder, 'usr/bin', `qemu-${name}`)}:F`;
  try {
    writeFileSync(join(binfmt, 'register'), line);
  } catch (error) {
    // Another test may have been quicker.
    if (!existsSync(join(binfmt, `portcullis-${name}`))) throw error;
  }
}

async function unpackEmulators(folder: string): Promise<void> {
  const part = (name: string): string => join(folder, name);
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(part(name), { recursive: true });
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(part('sources.list'), `deb [signed-by=${key}] ${mirror} trixie-backports main\n`);
  writeFileSync(part('status'), '');
  const places = {
    'Dir::Etc::sourcelist': part('sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State': folder,
    'Dir::State::lists': part('lists'),
    'Dir::State::status': part('status'),
    'Dir::Cache': part('cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '3',
  };
  writeFileSync(
    part('apt.conf'),
    Object.entries(places)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(''),
  );
  const env = { APT_CONFIG: part('apt.conf') };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['download', '-qq', 'qemu-user'], { cwd: folder, env });
  const wanted = ['./usr/bin/qemu-aarch64', './usr/bin/qemu-arm'];
  await run('/bin/sh', ['-c', 'dpkg-deb --fsys-tarfile qemu-user_*.deb | tar -x "$@"', 'sh', ...wanted], {
    cwd: folder,
  });
  await run('/bin/sh', ['-c', 'rm -r lists cache qemu-user_*.deb'], { cwd: folder });
}

interface Unpacked {
  readonly arch: string;
  readonly suite: string;
  readonly packages: string;
}

/** Unpacks Debian packages and what they depend on into a folder, once per folder; nothing of the target runs. */
export function unpackPackages(folder: string, { arch, suite, packages }: Unpacked): Promise<string> {
  return madeOnce(folder, async (making) => {
    const hooks = '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr';
    const how = ['--mode=root', '--variant=extract', `--arch=${arch}`, `--include=${packages}`, hooks];
    // The suite that is being made is signed anew only now and then. Mirrors of the suites with updates are out of step for
    // minutes at a time, and nothing of them is shipped.
    const patience = ['--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=Acquire::Retries "3"'];
    await run('mmdebstrap', [...how, ...patience, '--quiet', suite, making, `deb ${mirror} ${suite} main`]);
    for (const part of ['proc', 'dev', 'tmp']) mkdirSync(join(making, part), { recursive: true });
  });
}

/** A small root file system of the target's suite: 6 s on two x64 cores. */
export function makeRoot({ debian, suite }: Target, folder: string): Promise<string> {
  return unpackPackages(folder, { arch: debian, suite, packages });
}

/** Puts a tree where the package puts it, in a root file system. */
export async function installInto(rootFolder: string, tree: string): Promise<void> {
  const to = join(rootFolder, 'usr/lib/portcullis');
  rmSync(to, { recursive: true, force: true });
  // Hard links: the tree is 150 MB, and nobody writes into it.
  await run('cp', ['-al', tree, to]);
  rmSync(join(rootFolder, 'usr/bin/portcullis'), { force: true });
  symlinkSync('../lib/portcullis/bin/portcullis', join(rootFolder, 'usr/bin/portcullis'));
}
