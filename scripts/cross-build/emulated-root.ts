import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';
import type { Target } from './targets.ts';

/** What Node and a shell script need; nothing is configured, so no byte of the target runs while it is made. */
const packages = 'base-files,libc6,libstdc++6,libgcc-s1,dash,coreutils,ca-certificates';

interface Unpacked {
  readonly arch: string;
  readonly suite: string;
  readonly packages: string;
}

const binfmt = '/proc/sys/fs/binfmt_misc';

/**
 * Lets the kernel start programs of the target through QEMU, also inside a chroot: the line of Debian's package has the
 * F flag, so the emulator is opened now and not looked up there. Needs root.
 */
export async function registerEmulator({ emulator }: Target): Promise<void> {
  if (!existsSync(join(binfmt, 'register'))) await run('mount', ['-t', 'binfmt_misc', 'none', binfmt]);
  if (existsSync(join(binfmt, `qemu-${emulator}`))) return;
  writeFileSync(join(binfmt, 'register'), readFileSync(`/usr/lib/binfmt.d/qemu-${emulator}.conf`, 'utf8').trim());
}

/** Unpacks Debian packages and what they depend on into a folder, once per folder; nothing of the target runs. */
export async function unpackPackages(folder: string, { arch, suite, packages }: Unpacked): Promise<string> {
  const done = join(folder, '.complete');
  if (existsSync(done)) return folder;
  rmSync(folder, { recursive: true, force: true });
  const hooks = '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr';
  const how = ['--mode=root', '--variant=extract', `--arch=${arch}`, `--include=${packages}`, hooks];
  // The suite that is being made is signed anew only now and then. Mirrors of the suites with updates are out of step for
  // minutes at a time, and nothing here is shipped that they would mend.
  const patience = ['--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=Acquire::Retries "3"'];
  const source = `deb http://deb.debian.org/debian ${suite} main`;
  await run('mmdebstrap', [...how, ...patience, '--quiet', suite, folder, source]);
  for (const part of ['proc', 'dev', 'tmp']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(done, '');
  return folder;
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
