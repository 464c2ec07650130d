import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeOnce } from '../emulated-root.ts';
import { run } from '../run.ts';
import type { Workplace } from '../targets.ts';

const mirror = 'http://deb.debian.org';
/** Without libidn2 systemd-resolved cannot write its own name, and answers to `linux.local` in place of the board's. */
const packages =
  `systemd systemd-sysv systemd-resolved systemd-timesyncd udev dbus kmod netbase iproute2 openssh-server fdisk
  e2fsprogs dosfstools wpasupplicant firmware-brcm80211 wireless-regdb ca-certificates sudo libstdc++6 libidn2-0 xz-utils
  gpiod nftables initramfs-tools raspi-firmware`.split(/\s+/);
/** Nobody reads manuals on the card; licences stay. */
const dpkgOptions = [
  'force-confold',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/locale/*',
];
const aptOptions = ['Apt::Install-Recommends "false"', 'Acquire::Retries "3"'];

/** Stands in for mkinitramfs while the image is built: the real one takes 4 minutes under emulation, and twice. */
const standIn = `#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in -o) out=$2; shift ;; esac
  shift
done
: >"$out"
`;

/**
 * The Debian system of the image with the kernel and firmware of the boards: 5 min of processor time under emulation, once.
 * Kept until the list of packages changes. Without updates it is Debian as it was released, for a day on which the mirror is
 * out of step; the board still knows where they are.
 */
export function makeBase({ out, target, say }: Workplace, withUpdates: boolean): Promise<string> {
  const { name, suite } = target.kernel;
  const all = [...packages, `${name}/${suite}`];
  const line = (from: string, suite: string): string => `deb ${mirror}/${from} ${suite} main non-free-firmware`;
  const needed = [...new Set([target.suite, suite])].map((suite) => line('debian', suite));
  const updates = [line('debian', `${target.suite}-updates`), line('debian-security', `${target.suite}-security`)];
  const sources = withUpdates ? [...needed, ...updates] : needed;
  const inputs = JSON.stringify([all, dpkgOptions, standIn, sources]);
  const stamp = createHash('sha256').update(inputs).digest('hex').slice(0, 12);
  return madeOnce(join(out, 'work', `image-base-${target.arch}-${target.suite}-${stamp}`), async (folder) => {
    say('image: installing Debian for the board (many minutes under emulation, once)');
    const stub = join(out, 'work', 'mkinitramfs-stand-in');
    writeFileSync(stub, standIn, { mode: 0o755 });
    const divert = 'chroot "$1" dpkg-divert --local --rename --add /usr/sbin/mkinitramfs';
    const options = [
      '--mode=root',
      '--variant=minbase',
      `--arch=${target.debian}`,
      `--include=${all.join(',')}`,
      // It looks for Debian's emulator; ours is registered under a name of its own (`registerEmulator`).
      '--skip=check/qemu',
      ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
      ...aptOptions.map((option) => `--aptopt=${option}`),
      `--essential-hook=${divert}; cp ${stub} "$1/usr/sbin/mkinitramfs"`,
    ];
    // raspi-firmware looks for a mounted boot partition unless it is told that this is no running board.
    const env = { FAKE_CHROOT: 'true', LC_ALL: 'C' };
    await run('mmdebstrap', [...options, '--quiet', target.suite, folder, ...sources], { env });
    await run('/usr/sbin/chroot', [
      folder,
      '/bin/sh',
      '-c',
      'rm /usr/sbin/mkinitramfs; dpkg-divert --local --rename --remove /usr/sbin/mkinitramfs',
    ]);
    writeFileSync(join(folder, 'etc/apt/sources.list'), `${[...needed, ...updates].join('\n')}\n`);
  });
}
