import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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

/** The image of an SD card, and the list from which Raspberry Pi Imager offers it. Gives back the packed image's path. */
export async function buildImage(place: Workplace, releaseKey?: string): Promise<string> {
  await registerEmulator(place.target, join(place.out, 'work'));
  const system = await makeSystem(place, await makeBase(place), releaseKey);
  place.say('image: contract check of the system, for the board');
  await run(process.execPath, [join(place.root, 'dist/gateway/cli.js'), 'contract', 'check', '--image', system]);
  const file = await writeDisk(place, system);
  place.say('image: packing');
  await run('xz', ['-3', '-T2', '--keep', '--force', file]);
  writeImagerList(place, file);
  return `${file}.xz`;
}

/**
 * What Raspberry Pi Imager reads (`--repo`): with `init_format` it asks for name, user and Wi-Fi and writes the answers to the
 * boot partition as cloud-init's `user-data` and `network-config`, which the first boot reads.
 */
function writeImagerList({ out, version, epoch }: Workplace, file: string): void {
  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  const packed = `${file}.xz`;
  const list = {
    os_list: [
      {
        name: `Portcullis ${version}`,
        description: 'Edge gateway for homes and buildings: Raspberry Pi 3, 4, 5 and Zero 2 W',
        url: basename(packed),
        release_date: new Date(epoch * 1_000).toISOString().slice(0, 10),
        extract_size: statSync(file).size,
        extract_sha256: hash(file),
        image_download_size: statSync(packed).size,
        image_download_sha256: hash(packed),
        devices: ['pi5-64bit', 'pi4-64bit', 'pi3-64bit'],
        init_format: 'cloudinit',
      },
    ],
  };
  writeFileSync(join(out, 'portcullis.rpi-imager.json'), `${JSON.stringify(list, null, 2)}\n`);
}
