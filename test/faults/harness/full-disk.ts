import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilStill } from '../../harness/wait-until.ts';
import type { Outcome } from './fault.ts';
import { judge } from './oracles.ts';
import { openRound, type RoundContext } from './round.ts';

const megabytes = 24;

const mount = (folder: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]).status === 0;
const unmount = (folder: string): void => {
  spawnSync('umount', ['-l', folder]);
  rmdirSync(folder);
};

export function cannotMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-disk-'));
  const mounted = mount(folder);
  unmount(folder);
  return mounted ? undefined : 'needs the right to mount a small file system (root)';
}

/** The disk is filled under load until no acknowledgement comes any more, kill -9, then there is room again. */
export async function fullDisk(context: RoundContext): Promise<Outcome> {
  const dataDir = mkdtempSync(join(tmpdir(), 'portcullis-disk-'));
  mount(dataDir);
  context.ends.after(() => unmount(dataDir));
  const round = await openRound(context, { dataDir });
  const load = await round.load({ devices: 20 });
  await sleep(500);
  const ballast = join(dataDir, 'ballast');
  await writeFile(ballast, Buffer.alloc(megabytes * 1024 * 1024)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC') throw error;
  });
  // With a broken promise acknowledgements go on although nothing is written.
  if (context.broken === '') await untilStill('the end of acknowledgements', () => load.acknowledged.size, 1_000);
  else await sleep(3_000);
  await round.daemon.kill();
  await load.stop();
  await rm(ballast);
  await round.restart();
  return { findings: await judge(round), acknowledged: round.acknowledged.size };
}
