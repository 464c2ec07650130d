import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';

const root = join(import.meta.dirname, '../..');
const modules = ['configfs', 'netfs', '9pnet', '9pnet_virtio', '9p', 'gpio-sim'];
const wanted =
  /^(?:libc6|libgcc-s1|libstdc\+\+6|gpiod|libgpiod3|busybox-static|linux-binary-[\d.]+\S*|linux-modules-[\d.]+\S*)$/;
/** One processor: with two, each in a thread of QEMU 7.2, Node was seen to hang, to end without a word and to find its code damaged. */
const hardware =
  '-accel tcg,thread=single -cpu Nehalem -M q35 -smp 1 -m 1G -nodefaults -no-reboot -display none -serial stdio';
const programs = {
  'qemu-system-x86_64': 'qemu-system-x86',
  cpio: 'cpio',
  xz: 'xz-utils',
  'dpkg-deb': 'dpkg',
  'apt-get': 'apt',
};

interface Shell {
  readonly cwd?: string;
}

/** Runs a line of shell; throws with what it said. */
function sh(line: string, { cwd = root }: Shell = {}): string {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-ec', line], { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${line}\n${stderr.slice(-2_000)}`);
  return stdout;
}

/**
 * A kernel that has gpio-sim (Debian builds it since 7; trixie-backports has one) and a first file system with libgpiod's
 * tools, made of packages that are downloaded and unpacked, never installed. Kept for the next run; 180 MB are downloaded.
 * Gives back their folder, or a sentence that says why this machine cannot make them.
 */
export function makeMachine(say: (what: string) => void): { readonly folder: string } | { readonly why: string } {
  const folder = join(root, '.portcullis/gpio-machine');
  if (process.arch !== 'x64') return { why: 'the machine is an x64 one' };
  const missing = ensurePrograms(programs, say);
  if (missing !== undefined) return { why: `${missing.programs.join(', ')} is missing: ${missing.command}` };
  if (existsSync(join(folder, 'initrd.gz'))) return { folder };
  if (!existsSync('/usr/share/keyrings/debian-archive-keyring.gpg')) return { why: 'the keys of Debian are missing' };
  const making = `${folder}.${process.pid}`;
  try {
    mkdirSync(join(making, 'packages'), { recursive: true });
    say('fetching a kernel with gpio-sim from trixie-backports…');
    fetchPackages(making);
    unpack(making);
    rmSync(join(making, 'packages'), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
    return { folder };
  } catch (error) {
    return { why: (error as Error).message };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** With lists and a state of its own, so that the packages of this machine are neither known nor touched. */
function fetchPackages(making: string): void {
  const apt = join(making, 'packages/apt');
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, part), { recursive: true });
  const signed = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian';
  writeFileSync(
    join(apt, 'sources.list'),
    ['trixie', 'trixie-backports'].map((suite) => `deb ${signed} ${suite} main\n`).join(''),
  );
  writeFileSync(join(apt, 'status'), '');
  const options = [
    `Dir::Etc::sourcelist=${apt}/sources.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State=${apt}`,
    `Dir::State::status=${apt}/status`,
    `Dir::Cache=${apt}/cache`,
    'APT::Sandbox::User=root',
    'APT::Architecture=amd64',
    'Acquire::Retries=3',
  ];
  const get = `apt-get -qq ${options.map((option) => `-o ${option}`).join(' ')}`;
  const cwd = join(making, 'packages');
  sh(`${get} update`, { cwd });
  const all = 'linux-image-amd64 gpiod libstdc++6 busybox-static';
  const uris = sh(`${get} install --print-uris --no-install-recommends -t trixie-backports ${all}`, { cwd });
  const names = [...uris.matchAll(/\/([^/_' ]+)_[^/ ]+\.deb'/g)].flatMap(([, name = '']) => {
    const plain = decodeURIComponent(name);
    return wanted.test(plain) ? [plain] : [];
  });
  sh(`${get} -t trixie-backports download ${names.join(' ')}`, { cwd });
}

function unpack(making: string): void {
  const first = join(making, 'packages/first');
  for (const part of ['dev', 'proc', 'sys', 'tmp', 'config', 'bin', 'modules', 'usr/lib64']) {
    mkdirSync(join(first, part), { recursive: true });
  }
  const packages = join(making, 'packages');
  for (const file of readdirSync(packages).filter((name) => name.endsWith('.deb'))) {
    const deb = join(packages, file);
    if (file.startsWith('linux-binary'))
      sh(`dpkg-deb --fsys-tarfile '${deb}' | tar -xO --wildcards '*/vmlinuz' > '${making}/vmlinuz'`);
    else if (file.startsWith('linux-modules')) {
      for (const name of modules) {
        const inside = `dpkg-deb --fsys-tarfile '${deb}' | tar -xO --wildcards '*/${name}.ko.xz'`;
        sh(`${inside} | xz -dc > '${first}/modules/${name}.ko'`);
      }
    } else sh(`dpkg-deb -x '${deb}' '${first}'`);
  }
  rmSync(join(first, 'usr/share'), { recursive: true, force: true });
  for (const link of ['lib', 'lib64'])
    if (!existsSync(join(first, link))) symlinkSync(`usr/${link}`, join(first, link));
  cpSync(join(import.meta.dirname, 'gpio-init.sh'), join(first, 'init'));
  sh(`chmod 755 init && find . | cpio -o -H newc --quiet | gzip -1 > '${making}/initrd.gz'`, { cwd: first });
}

/** Boots it with this tree and runs a script of it there; resolves with what its console said, at most after the bound. */
export async function runInMachine(folder: string, script: string, boundMs: number): Promise<string> {
  const parts = { repo: realpathSync(root), modules: realpathSync(join(root, 'node_modules')) };
  const shares = Object.entries(parts).flatMap(([tag, path]) => [
    '-virtfs',
    `local,path=${path},mount_tag=${tag},security_model=none,readonly=on,multidevs=remap`,
  ]);
  const said = Object.entries(parts).map(([tag, path]) => `${tag}_at=${path}`);
  const machine = spawn(
    'qemu-system-x86_64',
    [
      ...hardware.split(' '),
      '-kernel',
      join(folder, 'vmlinuz'),
      '-initrd',
      join(folder, 'initrd.gz'),
      '-append',
      `console=ttyS0 panic=-1 quiet ${said.join(' ')} script=${script}`,
      ...shares,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  for (const stream of [machine.stdout, machine.stderr])
    stream.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  const late = setTimeout(() => machine.kill('SIGKILL'), boundMs);
  await new Promise((resolve) => machine.on('close', resolve));
  clearTimeout(late);
  return printed;
}
