import {
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { docPages, packagedUnits } from '../deb.ts';
import { startInside } from '../inside-root.ts';
import { run } from '../run.ts';
import type { Target, Workplace } from '../targets.ts';
import { packInitramfs } from './initramfs.ts';

/** Labels of the two file systems; raspi-firmware's own names. */
export const labels = { boot: 'RASPIFIRM', root: 'RASPIROOT' };

const fstab = `LABEL=${labels.root} / ext4 noatime,errors=remount-ro 0 1
LABEL=${labels.boot} /boot/firmware vfat umask=0077,flush,nofail,x-systemd.device-timeout=300 0 2
tmpfs /tmp tmpfs mode=1777,nosuid,nodev,size=25% 0 0
`;

/** Files of `systemd/image` and `systemd/`, and where the image has them. */
const places: Readonly<Record<string, string>> = {
  'image/first-boot': 'usr/lib/portcullis-image/first-boot',
  'image/claim-code': 'usr/lib/portcullis-image/claim-code',
  'image/portcullis-first-boot.service': 'usr/lib/systemd/system/portcullis-first-boot.service',
  'image/guard': 'usr/lib/portcullis-image/guard',
  'image/judge': 'usr/lib/portcullis-image/judge',
  'image/portcullis-judge.service': 'usr/lib/systemd/system/portcullis-judge.service',
  'image/portcullis.conf': 'usr/lib/systemd/system/portcullis.service.d/image.conf',
  'image/led': 'usr/lib/portcullis-image/led',
  'image/portcullis-led.path': 'usr/lib/systemd/system/portcullis-led.path',
  'image/portcullis-led.service': 'usr/lib/systemd/system/portcullis-led.service',
  'image/portcullis-update.path': 'usr/lib/systemd/system/portcullis-update.path',
  'image/portcullis-update.service': 'usr/lib/systemd/system/portcullis-update.service',
  'image/wireless.network': 'etc/systemd/network/20-wireless.network',
  'image/wired.network': 'etc/systemd/network/20-wired.network',
  'image/resolved.conf': 'usr/lib/systemd/resolved.conf.d/portcullis.conf',
  'image/mdns-service.conf': 'usr/lib/systemd/system/systemd-resolved.service.d/portcullis.conf',
  'image/mdns.nft': 'usr/lib/portcullis-image/mdns.nft',
  'image/portcullis.dnssd': 'etc/systemd/dnssd/portcullis.dnssd',
  'image/portcullis.yaml': 'etc/portcullis/portcullis.yaml',
  'journald.conf': 'usr/lib/systemd/journald.conf.d/portcullis.conf',
};

const links: Readonly<Record<string, string>> = {
  'usr/lib/portcullis': '../../opt/portcullis/current',
  'usr/bin/portcullis': '../lib/portcullis/bin/portcullis',
  'etc/systemd/system/multi-user.target.wants/portcullis.service': '/usr/lib/systemd/system/portcullis.service',
  'etc/systemd/system/sysinit.target.wants/portcullis-first-boot.service':
    '/usr/lib/systemd/system/portcullis-first-boot.service',
  'etc/systemd/system/multi-user.target.wants/portcullis-judge.service':
    '/usr/lib/systemd/system/portcullis-judge.service',
  'etc/systemd/system/multi-user.target.wants/portcullis-flows.path': '/usr/lib/systemd/system/portcullis-flows.path',
  'etc/systemd/system/multi-user.target.wants/portcullis-led.path': '/usr/lib/systemd/system/portcullis-led.path',
  'etc/systemd/system/multi-user.target.wants/portcullis-update.path': '/usr/lib/systemd/system/portcullis-update.path',
  'etc/systemd/system/multi-user.target.wants/systemd-networkd.service':
    '/usr/lib/systemd/system/systemd-networkd.service',
  // Asks questions on a console that nobody sees.
  'etc/systemd/system/systemd-firstboot.service': '/dev/null',
  'etc/systemd/system/systemd-networkd-wait-online.service': '/dev/null',
};

/**
 * Makes the image's system out of a copy of the base: the release, its units, first boot, network, boot files. `releaseKey`
 * (PEM, public) is the one whose releases the boards will take.
 */
export async function makeSystem(place: Workplace, base: string, releaseKey?: string): Promise<string> {
  const { out, root, tree, target, version, epoch, say } = place;
  const folder = join(out, 'work', target.arch, 'system');
  say('image: laying out the system');
  rmSync(folder, { recursive: true, force: true });
  await run('cp', ['-a', base, folder]);
  checkPrograms(folder);
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(from, join(folder, to), { recursive: true, verbatimSymlinks: true });
  };
  await run('mkdir', ['-p', join(folder, 'opt/portcullis/releases')]);
  await run('cp', ['-a', tree, join(folder, 'opt/portcullis/releases', version)]);
  symlinkSync(join('releases', version), join(folder, 'opt/portcullis/current'));
  for (const [from, to] of Object.entries(packagedUnits)) put(join(root, 'systemd', from), to);
  for (const [from, to] of Object.entries(places)) put(join(root, 'systemd', from), to);
  for (const page of docPages) put(join(root, 'docs', page), `usr/share/doc/portcullis/${page}`);
  for (const [at, to] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, at)), { recursive: true });
    rmSync(join(folder, at), { force: true, recursive: true });
    symlinkSync(to, join(folder, at));
  }
  const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
  write('etc/fstab', fstab);
  write('etc/hostname', 'portcullis\n');
  write('etc/default/raspi-firmware', `ROOTPART=LABEL=${labels.root}\n`);
  if (releaseKey !== undefined) {
    mkdirSync(join(folder, 'etc/portcullis/release-keys'), { recursive: true });
    write('etc/portcullis/release-keys/maker.pem', releaseKey);
  }
  // What must differ from board to board is made on the board.
  write('etc/machine-id', '');
  for (const key of globSync('etc/ssh/ssh_host_*', { cwd: folder })) rmSync(join(folder, key));
  rmSync(join(folder, 'etc/systemd/system/multi-user.target.wants/ssh.service'), { force: true });
  rmSync(join(folder, 'etc/systemd/system/sshd.service'), { force: true });
  await run('systemd-sysusers', [`--root=${folder}`, 'portcullis.conf']);
  await run('systemd-tmpfiles', [`--root=${folder}`, '--create', 'portcullis.conf']);
  // Caches and users were made with the packages: without these marks the first boot would make them all again.
  for (const part of ['etc', 'var']) {
    write(`${part}/.updated`, '');
    utimesSync(join(folder, part, '.updated'), epoch + 1, epoch + 1);
  }
  utimesSync(join(folder, 'usr'), epoch, epoch);
  await packInitramfs(place, folder);
  await writeBootFiles(folder, target.arch);
  return folder;
}

/** What the first boot, an update, the GPIO lines and the name of the board call; a package less would be seen on the board only. */
const called =
  `xz tar sync systemctl useradd usermod chown ssh-keygen wpa_supplicant sfdisk partx resize2fs findmnt mountpoint
  hostname gpioget gpioset gpiomon setpriv unshare nft`.split(/\s+/);

function checkPrograms(folder: string): void {
  const isThere = (name: string): boolean =>
    ['usr/bin', 'usr/sbin'].some(
      (part) => lstatSync(join(folder, part, name), { throwIfNoEntry: false }) !== undefined,
    );
  const missing = called.filter((name) => !isThere(name));
  if (missing.length > 0) throw new Error(`the image lacks ${missing.join(', ')}; add their packages in base.ts`);
}

/** Debian's own hook fills the boot partition: kernel, initramfs, device trees, config.txt, cmdline.txt. */
async function writeBootFiles(folder: string, arch: Target['arch']): Promise<void> {
  const hook = 'DEB_MAINT_PARAMS="configure" exec /etc/kernel/postinst.d/z50-raspi-firmware';
  await using inside = startInside(folder, ['/bin/sh', '-c', hook], AbortSignal.timeout(300_000));
  await inside.printed();
  const there = readdirSync(join(folder, 'boot/firmware'));
  const newest = { arm64: 'bcm2712-rpi-5-b.dtb', armhf: 'bcm2836-rpi-2-b.dtb' }[arch];
  for (const file of ['cmdline.txt', 'config.txt', 'start.elf', newest])
    if (!there.includes(file)) throw new Error(`the boot partition has no ${file}:\n${there.join('\n')}`);
}
