import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { unpackPackages } from '../emulated-root.ts';
import { run } from '../run.ts';
import { sameBytes } from '../artefacts.ts';
import type { Workplace } from '../targets.ts';

/**
 * What stands between the kernel and the root file system on the boards and on QEMU's `virt`; some is built in. The kernel for 32 bits asks for ext4's
 * checksums by name (a soft dependency), which nothing here would load.
 */
const wanted =
  `crc32c_generic ext4 virtio_blk virtio_mmio sdhci-iproc bcm2835 sdhci-brcmstb gpio-regulator xhci-pci xhci-plat-hcd usb-storage
  uas dwc2 phy-generic reset-raspberrypi nvme`.split(/\s+/);

const init = String.raw`#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /root /sbin /usr/sbin /usr/bin
/bin/busybox --install -s
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module" 2>/dev/null; done </modules/order
label=$(sed -n 's/.*root=LABEL=\([^ ]*\).*/\1/p' /proc/cmdline)
tries=0
until device=$(findfs "LABEL=$label" 2>/dev/null); do
  tries=$((tries + 1))
  [ $tries -gt 300 ] && { echo "no file system with the label $label"; exec sh; }
  sleep 0.1
done
e2fsck -p "$device" 2>/dev/null
mount -t ext4 -o rw,noatime "$device" /root
mount --move /dev /root/dev
umount /proc /sys
exec switch_root /root /sbin/init
`;

/**
 * Writes `/boot/initrd.img-*` of a root file system from busybox and the modules that find the card: 2 MB made in a second,
 * where Debian's own takes 4 minutes under emulation. The next kernel that the board installs gets Debian's.
 */
export async function packInitramfs({ out, target, epoch, say }: Workplace, rootFolder: string): Promise<void> {
  const modules = join(rootFolder, 'usr/lib/modules');
  const [kernel = ''] = readdirSync(modules);
  say(`image: initramfs for Linux ${kernel}`);
  const from = join(out, 'work', `busybox-${target.arch}`);
  await unpackPackages(from, { arch: target.debian, suite: target.suite, packages: 'busybox-static' });
  const folder = join(out, 'work', target.arch, 'initramfs');
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['bin', 'modules']) mkdirSync(join(folder, part), { recursive: true });
  copyFileSync(join(from, 'usr/bin/busybox'), join(folder, 'bin/busybox'));
  const order = inOrder(readFileSync(join(modules, kernel, 'modules.dep'), 'utf8'));
  const names: string[] = [];
  for (const path of order) {
    const name = basename(path).replace(/\.xz$/, '');
    names.push(name);
    const source = existsSync(join(modules, kernel, path)) ? join(modules, kernel, path) : '';
    await run('/bin/sh', [
      '-c',
      path.endsWith('.xz') ? 'xz -dc "$0" >"$1"' : 'cp "$0" "$1"',
      source,
      join(folder, 'modules', name),
    ]);
  }
  writeFileSync(join(folder, 'modules/order'), `${names.join('\n')}\n`);
  writeFileSync(join(folder, 'init'), init, { mode: 0o755 });
  const file = join(rootFolder, `boot/initrd.img-${kernel}`);
  mkdirSync(dirname(file), { recursive: true });
  const pack = `find . -exec touch -hd @${epoch} {} + && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0 | xz --check=crc32 -6 -T1 >"$0"`;
  await run('/bin/sh', ['-c', pack, file], { cwd: folder, env: sameBytes(epoch) });
}

/** The wanted modules, each behind what it needs, from lines such as `kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz …`. */
function inOrder(dependencies: string): string[] {
  const needs = new Map(
    dependencies
      .split('\n')
      .map((line) => line.split(':'))
      .map(([path = '', rest = '']) => [path, rest.trim().split(/ +/).filter(Boolean)] as const),
  );
  const named = (name: string): string | undefined =>
    [...needs.keys()].find((path) => new RegExp(`/${name.replaceAll(/[-_]/g, '[-_]')}\\.ko(\\.xz)?$`).test(path));
  const found = wanted.map(named).filter((path) => path !== undefined);
  // modules.dep lists what must be there first at the end of each line.
  return [...new Set(found.flatMap((path) => (needs.get(path) ?? []).toReversed().concat(path)))];
}
