import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedRow } from '../../../simulator/cloud/received.ts';
import { compileShim } from '../../harness/shim.ts';
import { numberIn } from '../../harness/judge.ts';
import { few, type Finding } from '../harness/oracles.ts';
import { openRound, sinks, type Round, type RoundContext } from '../harness/round.ts';
import type { Outcome } from '../harness/fault.ts';
import { assertComplete } from './assert-complete.ts';
import { readDiskLog, type Logged } from './disk-log.ts';
import { Disk, fates } from './disk.ts';
import { readFolder } from './read-folder.ts';

/** Rebuilding asks nothing of a disk, and a disk would only make it slow. */
const scratchRoot = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface PowerCutOptions {
  /** Cut points in one recorded run. */
  readonly cuts: number;
  /** Starts of the daemon that are recorded; each but the last ends by kill -9 or in order. */
  readonly lives: number;
  readonly loadMs: number;
}

/**
 * Records a daemon that takes messages and delivers them, its first start included, then cuts the power at points that the
 * seed chooses: what the disk would hold is built and opened as at a start, and must hold what was acknowledged until then
 * and had not come to a sink.
 */
export async function powerCut(context: RoundContext, { cuts, lives, loadMs }: PowerCutOptions): Promise<Outcome> {
  const folder = mkdtempSync(join(scratchRoot, 'portcullis-cut-'));
  context.ends.after(() => rmSync(folder, { recursive: true, force: true }));
  const { round, logged } = await record(context, folder, { lives, loadMs });
  const rows = await round.cloud.received();
  const findings: Finding[] = [];
  const at = new Set(Array.from({ length: cuts }, () => context.random.below(logged.length)));
  const disk = new Disk();
  for (const [index, entry] of logged.entries()) {
    if (at.has(index)) {
      const fate = context.random.pick(fates);
      const rebuilt = join(folder, 'rebuilt');
      mkdirSync(rebuilt);
      disk.writeTo(rebuilt, fate, context.random);
      for (const { oracle, says } of judgeCut(rebuilt, { round, rows, entry })) {
        findings.push({ oracle, says: `cut before change ${index} of ${logged.length}, unsynced ${fate}: ${says}` });
      }
      rmSync(rebuilt, { recursive: true });
    }
    disk.apply(entry.change);
  }
  assertComplete(disk, join(folder, 'data'), join(folder, 'rebuilt'));
  const { size } = round.acknowledged;
  return { findings, acknowledged: size, says: `${at.size} cuts of ${logged.length} changes of the disk` };
}

async function record(
  context: RoundContext,
  folder: string,
  { lives, loadMs }: Pick<PowerCutOptions, 'lives' | 'loadMs'>,
): Promise<{ round: Round; logged: Logged[] }> {
  const dataDir = join(folder, 'data');
  const log = join(folder, 'log');
  const round = await openRound(context, {
    dataDir,
    env: {
      LD_PRELOAD: compileShim(join(import.meta.dirname, '../../shims/disk-log.c')),
      DISK_LOG_FILE: log,
      DISK_LOG_FOLDER: dataDir,
      UV_USE_IO_URING: '0',
    },
  });
  for (let life = 1; life <= lives; life++) {
    if (life > 1) await round.restart();
    const load = await round.load({ qos: context.random.pick([1, 2]) });
    await sleep(loadMs);
    const inOrder = context.random.chance(0.3);
    if (inOrder) await load.stop();
    await (inOrder ? round.daemon.stop() : round.daemon.kill());
    await load.stop();
  }
  return { round, logged: readDiskLog(readFileSync(log), dataDir) };
}

interface Moment {
  readonly round: Round;
  readonly rows: readonly ReceivedRow[];
  /** The change that the disk was not asked for any more. */
  readonly entry: Logged;
}

function judgeCut(folder: string, { round, rows, entry }: Moment): Finding[] {
  const promised = [...round.answeredNs].flatMap(([n, at]) => (at < entry.monoNs ? [n] : []));
  const { check, salvaged, waiting } = readFolder(folder, sinks);
  const findings: Finding[] = [];
  if (!check.ok) findings.push({ oracle: 'sound', says: JSON.stringify(check).slice(0, 300) });
  if (salvaged) findings.push({ oracle: 'sound', says: `a cut must not need a salvage: ${salvaged.cause}` });
  const effects = {
    tuya: new Set(rows.flatMap((row) => (row.firstAt <= entry.wallMs ? [numberIn(row)] : []))),
    influx: new Set([...round.lines.numbers].flatMap(([n, { firstAt }]) => (firstAt <= entry.wallMs ? [n] : []))),
  };
  for (const sink of sinks) {
    const lost = promised.filter((n) => !waiting.get(sink)?.has(n) && !effects[sink].has(n));
    if (lost.length > 0)
      findings.push({ oracle: 'kept', says: `${lost.length} of ${promised.length} lost for ${sink}: ${few(lost)}` });
  }
  return findings;
}
