import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../harness/wait-until.ts';
import type { Outcome } from './fault.ts';
import { judge } from './oracles.ts';
import { openRound, type RoundContext } from './round.ts';

/** The two shapes that control groups have (kernel.org, cgroup-v2 and cgroup-v1/memory). */
const shapes = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
];
const groupName = `portcullis-faults-${process.pid}`;

function openGroup(): { readonly folder: string; readonly limit: string } | undefined {
  for (const { root, limit } of shapes) {
    const folder = join(root, groupName);
    try {
      mkdirSync(folder, { recursive: false });
    } catch {
      continue;
    }
    if (existsSync(join(folder, limit))) return { folder, limit: join(folder, limit) };
    rmdirSync(folder);
  }
  return undefined;
}

export function cannotLimit(): string | undefined {
  const group = openGroup();
  if (group === undefined) return 'needs the right to make a control group for memory (root)';
  rmdirSync(group.folder);
  return undefined;
}

/** The kernel takes the process away because its control group has no memory left: under load, at a moment of its own choice. */
export async function outOfMemory(context: RoundContext): Promise<Outcome> {
  const group = openGroup();
  if (group === undefined) throw new Error('there is no control group for memory');
  context.ends.after(() => rmdirSync(group.folder));
  const round = await openRound(context);
  for (let life = 0; life < 2; life++) {
    const ended = round.daemon.ended();
    const load = await round.load({ devices: 20, pauseMs: 0 });
    await sleep(300 + context.random.below(500));
    writeFileSync(join(group.folder, 'cgroup.procs'), String(round.daemon.pid()));
    // What it has already stays with the group it had; what it asks for from now on is too much.
    writeFileSync(group.limit, String(2 * 1024 * 1024));
    await Promise.race([ended, sleep(20_000)]);
    const wasKilled = !round.daemon.isRunning();
    if (!wasKilled) await round.daemon.kill();
    await load.stop();
    await waitUntil('the group to be empty', () => readFileSync(join(group.folder, 'cgroup.procs'), 'utf8') === '');
    writeFileSync(group.limit, String(2 ** 34));
    if (!wasKilled) throw new Error('the kernel did not take the process away within 20 s');
    await round.restart();
  }
  const load = await round.load();
  await waitUntil('acknowledgements', () => load.acknowledged.size > 20);
  await load.stop();
  return { findings: await judge(round), acknowledged: round.acknowledged.size };
}
