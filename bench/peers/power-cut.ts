import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../../test/faults/harness/random.ts';
import { assertComplete } from '../../test/faults/power-cut/assert-complete.ts';
import { readDiskLog, type Logged } from '../../test/faults/power-cut/disk-log.ts';
import { Disk, type Fate } from '../../test/faults/power-cut/disk.ts';
import { startPublisher } from '../../test/harness/publisher.ts';
import { compileShim } from '../../test/harness/shim.ts';
import { waitUntil } from '../../test/harness/wait-until.ts';
import type { Contender, Peer } from './contender.ts';
import { startCutOff } from './load.ts';
import { acknowledgedBefore, lostOf, type Loss } from './lost.ts';

/** Rebuilding asks nothing of a disk. */
const scratchRoot = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** After so long without another message, a peer that has nothing left is not expected to bring more. */
const stillMs = 8_000;
/** What a peer holds must have come within this time, else its losses cannot be told. */
const boundMs = 120_000;

/** Cuts at which nothing survives that no sync covered, as parts of the time from the first acknowledgement to the last. */
const moments = [0.4, 0.7, 1];

export interface CutResult {
  /** Unsynced writes are gone; over all moments. */
  readonly dropped: Loss;
  /** Unsynced writes are there, as after kill -9 alone; at the last moment. */
  readonly kept: Loss;
}

/**
 * Records what a peer asks of its disk while 50 devices publish and its far side is away, then starts it on what the disk
 * would hold after a cut, and counts which acknowledged messages the far side never gets.
 */
export async function cutPower(peer: Peer, messages: number): Promise<CutResult> {
  const folder = mkdtempSync(join(scratchRoot, 'portcullis-peers-'));
  const place = { disk: join(folder, 'disk'), beside: join(folder, 'beside') };
  mkdirSync(place.disk);
  mkdirSync(place.beside);
  try {
    await using contender = await peer.open(place);
    const answeredNs = await record(contender, folder, messages);
    const log = readDiskLog(readFileSync(join(folder, 'log')), place.disk);
    const hasFiles = readdirSync(place.disk, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile());
    if (hasFiles && log.length === 0) throw new Error(`the log saw nothing of what ${peer.name} wrote`);
    assertComplete(replay(log), place.disk, join(folder, 'rebuilt'));
    const times = [...answeredNs.values()].toSorted((a, b) => (a < b ? -1 : 1));
    const [first = 0n, last = 0n] = [times[0], times.at(-1)];
    const at = (part: number): bigint => first + (BigInt(Math.round(part * 1_000)) * (last + 1n - first)) / 1_000n;
    const cut = (moment: bigint, fate: Fate): Promise<Loss> => {
      rmSync(place.disk, { recursive: true });
      mkdirSync(place.disk);
      replay(log, moment).writeTo(place.disk, fate, randomFrom(0));
      return cameBack(contender, acknowledgedBefore(answeredNs, moment));
    };
    const losses: Loss[] = [];
    for (const moment of moments) losses.push(await cut(at(moment), 'dropped'));
    const dropped = losses.reduce((all, { lost, of }) => ({ lost: all.lost + lost, of: all.of + of }));
    return { dropped, kept: await cut(at(1), 'kept') };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The load ends by kill -9; resolves with when each number was acknowledged. */
async function record(contender: Contender, folder: string, messages: number): Promise<ReadonlyMap<number, bigint>> {
  await startCutOff(contender, {
    LD_PRELOAD: compileShim(join(import.meta.dirname, '../../test/shims/disk-log.c')),
    DISK_LOG_FILE: join(folder, 'log'),
    DISK_LOG_FOLDER: join(folder, 'disk'),
    UV_USE_IO_URING: '0',
  });
  const publisher = await startPublisher({ port: contender.port, devices: 50, note, pauseMs: 100 });
  await waitUntil('the devices to be answered', () => publisher.acknowledged.size >= messages);
  await contender.kill();
  await publisher.stop();
  return publisher.answeredNs;
}

/** With the rest of a message, about 200 bytes. */
export const note = 'x'.repeat(160);

/** The disk as it was asked up to a moment of CLOCK_MONOTONIC, names being safe as in the journal of ext4. */
function replay(log: readonly Logged[], until?: bigint): Disk {
  const disk = new Disk('any sync');
  for (const { change, monoNs } of log) {
    if (until !== undefined && monoNs >= until) break;
    disk.apply(change);
  }
  return disk;
}

/** Starts it on the disk that is there, and waits until all that were promised have come, or it has nothing left. */
async function cameBack(contender: Contender, promised: ReadonlySet<number>): Promise<Loss> {
  const { far } = contender;
  const hasMore = async (): Promise<boolean> => contender.holds !== undefined && (await contender.holds()) > 0;
  await far.forget();
  await contender.start();
  await far.appear();
  const giveUpAt = performance.now() + boundMs;
  let [loss, since] = [lostOf(promised, await far.numbers()), performance.now()];
  while (loss.lost > 0 && (performance.now() - since < stillMs || (await hasMore()))) {
    if (performance.now() > giveUpAt) throw new Error('it still held messages, and none came any more');
    await sleep(500);
    const now = lostOf(promised, await far.numbers());
    if (now.lost < loss.lost) [loss, since] = [now, performance.now()];
  }
  await far.vanish();
  await contender.kill();
  return loss;
}
