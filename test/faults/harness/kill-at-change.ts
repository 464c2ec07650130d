import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileShim } from '../../harness/shim.ts';
import type { Outcome } from './fault.ts';
import { judge } from './oracles.ts';
import { openRound, type RoundContext } from './round.ts';

interface Alarms {
  readonly alarms: readonly { readonly code: string; readonly detail: string }[];
}

/** Changes of the disk until all tables are made, and somewhat more; and of an end in order. */
const changesOfAFirstStart = 400;
const changesOfAnEnd = 60;

/**
 * kill -9 in front of a certain change of the disk: within the first start, when tables are made, and then within a life
 * that ends in order, when the log is folded and checkpointed. What is found is the old state or the new one.
 */
export async function killAtChange(context: RoundContext): Promise<Outcome> {
  const { random, broken } = context;
  const outcome = await killOnce(context, 1 + random.below(changesOfAFirstStart));
  if (broken === '' || outcome.findings.length > 0) return outcome;
  // Tables in pieces are found out between two pieces only.
  for (let first = 60; first < changesOfAFirstStart; first += 23) {
    const another = await killOnce(context, first);
    if (another.findings.length > 0) return another;
  }
  return outcome;
}

async function killOnce(context: RoundContext, first: number): Promise<Outcome> {
  const { random, ends } = context;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-change-'));
  ends.after(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'data');
  const killFile = join(folder, 'kill');
  const killAt = (change: number): void => writeFileSync(killFile, String(change));
  const second = 1 + random.below(changesOfAnEnd);
  killAt(first);
  const opening = openRound(context, {
    dataDir,
    hasPast: true,
    env: {
      LD_PRELOAD: compileShim(join(import.meta.dirname, '../../shims/disk-log.c')),
      DISK_LOG_FILE: join(folder, 'log'),
      DISK_LOG_FOLDER: dataDir,
      DISK_LOG_KILL_FILE: killFile,
    },
  });
  const says = `before change ${first} of the first start, ${second} of an end`;
  const round = await opening.catch((error: unknown) => String(error));
  if (typeof round === 'string')
    return { findings: [{ oracle: 'sound', says: round.slice(-400) }], acknowledged: 0, says };
  const load = await round.load();
  await sleep(500);
  await load.stop();
  killAt(second);
  // It shall be killed on its way.
  const ended = round.daemon.ended();
  process.kill(round.daemon.pid(), 'SIGTERM');
  await ended;
  rmSync(killFile, { force: true });
  await round.restart();
  const { alarms } = await round.daemon.api<Alarms>('/api/v1/alarms');
  const findings = await judge(round);
  for (const { code, detail } of alarms)
    if (code === 'buffer-corrupt') findings.push({ oracle: 'sound', says: detail });
  return { findings, acknowledged: round.acknowledged.size, says };
}
