import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { emulationTools, registerEmulator } from '../emulated-root.ts';
import { run } from '../run.ts';
import type { Workplace } from '../targets.ts';
import { makeBase } from './base.ts';
import { writeDisk } from './disk.ts';
import { makeSystem } from './system.ts';

/** Programs of this machine (and their packages) that make an image. */
export const imageTools = {
  ...emulationTools,
  mcopy: 'mtools',
  'mkfs.vfat': 'dosfstools',
  mke2fs: 'e2fsprogs',
  sfdisk: 'fdisk',
  cpio: 'cpio',
  'systemd-sysusers': 'systemd',
};

interface ImageOptions {
  /** PEM, public: whose releases the boards will take. */
  readonly releaseKey?: string | undefined;
  /** Folder on a web server where the image will lie; without one Imager reads it from where it was built. */
  readonly url?: string | undefined;
  /** With Debian's updates and security updates. */
  readonly updates: boolean;
}

/** The image of an SD card, and the list from which Raspberry Pi Imager offers it. Gives back the packed image's path. */
export async function buildImage(place: Workplace, { releaseKey, url, updates }: ImageOptions): Promise<string> {
  await registerEmulator(place.target, join(place.out, 'work'));
  const system = await makeSystem(place, await makeBase(place, updates), releaseKey);
  place.say('image: contract check of the system, for the board');
  await run(process.execPath, [join(place.root, 'dist/gateway/cli.js'), 'contract', 'check', '--image', system]);
  const file = await writeDisk(place, system);
  place.say('image: packing');
  await run('xz', ['-3', '-T2', '--keep', '--force', file]);
  writeImagerList(place, file, url);
  return `${file}.xz`;
}

const devices: Readonly<Record<Workplace['target']['arch'], readonly string[]>> = {
  arm64: ['pi5-64bit', 'pi4-64bit', 'pi3-64bit'],
  armhf: ['pi2-32bit', 'pi3-32bit'],
};

/**
 * What Raspberry Pi Imager reads (`--repo`): with `init_format` it asks for name, user, SSH and Wi-Fi and writes the answers to the
 * boot partition as cloud-init's `user-data` and `network-config`, which the first boot reads. Every key that its schema
 * (doc/json-schema/os-list-schema.json) requires is there; addresses are whole, because it does not complete them.
 */
export function writeImagerList({ out, root, target, version, epoch }: Workplace, file: string, url?: string): void {
  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  const base = url === undefined ? pathToFileURL(`${out}/`).href : url.replace(/\/*$/, '/');
  const packed = `${file}.xz`;
  const icon = 'portcullis-icon.svg';
  copyFileSync(join(root, 'scripts/cross-build/image', icon), join(out, icon));
  const boards = target.arch === 'arm64' ? 'Raspberry Pi 3, 4, 5 and Zero 2 W' : 'Raspberry Pi 2, and 3 with 32 bits';
  const list = {
    os_list: [
      {
        name: `Portcullis ${version} (${target.arch})`,
        description: `Edge gateway for homes and buildings: ${boards}`,
        icon: new URL(icon, base).href,
        url: new URL(basename(packed), base).href,
        release_date: new Date(epoch * 1_000).toISOString().slice(0, 10),
        extract_size: statSync(file).size,
        extract_sha256: hash(file),
        image_download_size: statSync(packed).size,
        image_download_sha256: hash(packed),
        devices: devices[target.arch],
        init_format: 'cloudinit',
        architecture: target.arch === 'arm64' ? 'armv8' : 'armv7',
      },
    ],
  };
  writeFileSync(join(out, 'portcullis.rpi-imager.json'), `${JSON.stringify(list, null, 2)}\n`);
}
