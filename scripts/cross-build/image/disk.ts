import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sameBytes } from '../artefacts.ts';
import { run } from '../run.ts';
import type { Workplace } from '../targets.ts';
import { labels } from './system.ts';

const MiB = 1024 * 1024;
const bootMiB = 256;
/** The first partition begins where cards like it: at 4 MiB, one erase block. */
const startMiB = 4;
/** Free room in the root file system of the image, for the time until the first boot grows it. */
const spareMiB = 160;

/** Names that would be random: the same system gives the same image. */
const ids = { disk: '0x706f7274', boot: '706f7263', root: '706f7274-6375-4c6c-8973-000000000001' };

/** Writes the card's image of a system: boot partition (FAT) and root (ext4), without loop device or mount. Gives back its path. */
export async function writeDisk(place: Workplace, system: string): Promise<string> {
  const { out, target, version, epoch, say } = place;
  const file = join(out, `portcullis-${version}-${target.arch}.img`);
  say(`image: ${basename(file)}`);
  const work = join(out, 'work', target.arch);
  const [boot, root] = [join(work, 'boot.fat'), join(work, 'root.ext4')];
  const env = sameBytes(epoch);
  for (const part of [boot, root, file]) rmSync(part, { force: true });

  writeFileSync(boot, '');
  truncateSync(boot, bootMiB * MiB);
  await run('mkfs.vfat', ['-F', '32', '-n', labels.boot, '-i', ids.boot, '--invariant', boot]);
  const firmware = join(system, 'boot/firmware');
  const files = readdirSync(firmware).toSorted();
  await run('mcopy', ['-i', boot, '-s', '-m', ...files.map((name) => join(firmware, name)), '::'], { env });

  // Empty below the mount point: what lies there would be hidden and cost its room twice.
  await run('rm', ['-rf', firmware]);
  await run('mkdir', [firmware]);
  const [used = '0'] = (await run('du', ['-sm', system])).split('\t');
  const rootMiB = Math.ceil(Number(used) * 1.12) + spareMiB;
  const features = `hash_seed=${ids.root},lazy_itable_init=0,root_owner=0:0`;
  const how = ['-q', '-F', '-t', 'ext4', '-L', labels.root, '-U', ids.root, '-E', features, '-d', system];
  await run('mke2fs', [...how, root, `${rootMiB}M`], { env });

  writeFileSync(file, '');
  truncateSync(file, (startMiB + bootMiB + rootMiB) * MiB);
  const sectors = (mebibytes: number): number => mebibytes * 2048;
  const table = [
    'label: dos',
    `label-id: ${ids.disk}`,
    `start=${sectors(startMiB)}, size=${sectors(bootMiB)}, type=c`,
    `start=${sectors(startMiB + bootMiB)}, size=${sectors(rootMiB)}, type=83`,
  ].join('\n');
  await run('/bin/sh', ['-c', 'printf "%s\\n" "$1" | sfdisk --quiet "$0"', file, table]);
  for (const [part, at] of [
    [boot, startMiB],
    [root, startMiB + bootMiB],
  ] as const)
    await run('dd', [`if=${part}`, `of=${file}`, 'bs=1M', `seek=${at}`, 'conv=notrunc,sparse', 'status=none']);
  for (const part of [boot, root]) rmSync(part);
  return file;
}
