import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { listenAsSystemd } from '../../harness/notify-socket.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import type { Outcome } from './fault.ts';
import { judge, type Finding } from './oracles.ts';
import { openRound, type RoundContext, type RoundOptions } from './round.ts';

/** A file that orders test/shims/thread-fault.mjs about, and the environment that puts it into every thread. */
function threadFaults({ ends }: RoundContext): { order: string; env: Record<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-thread-'));
  ends.after(() => rmSync(folder, { recursive: true, force: true }));
  const order = join(folder, 'order');
  const shim = pathToFileURL(join(import.meta.dirname, '../../shims/thread-fault.mjs')).href;
  return { order, env: { THREAD_FAULT_FILE: order, NODE_OPTIONS: `--import ${shim}` } };
}

/** The writer thread throws where nobody catches it, three times under load; the process goes on with a new one. */
export async function crashingWriter(context: RoundContext): Promise<Outcome> {
  const { order, env } = threadFaults(context);
  const round = await openRound(context, { env });
  const pid = round.daemon.pid();
  for (let times = 0; times < 3; times++) {
    const load = await round.load({ devices: 20, pauseMs: 0 });
    await sleep(200 + context.random.below(500));
    writeFileSync(order, 'crash writer');
    await waitUntil('the writer to crash', () => !existsSync(order));
    await sleep(500);
    await load.stop();
  }
  const findings = await judge(round);
  if (round.daemon.pid() !== pid) findings.push({ oracle: 'up', says: 'the process was started again' });
  return { findings, acknowledged: round.acknowledged.size, says: '3 crashes' };
}

const watchdogUsec = 900_000;
/** As long as systemd would wait, and as much again for a machine that does much else. */
const silenceMs = 2 * (watchdogUsec / 1_000);
const noticedWithinMs = 30_000;

/**
 * A thread stands still: the event loop, or the writer with every commit behind it. The signs of life stop, and whoever plays
 * systemd kills the process and starts it again.
 */
export async function standingStill(context: RoundContext): Promise<Outcome> {
  const { order, env } = threadFaults(context);
  const socket = await listenAsSystemd(context.ends);
  const notify = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: String(watchdogUsec) };
  const options: RoundOptions = { env: { ...env, ...notify } };
  const round = await openRound(context, options);
  const findings: Finding[] = [];
  const threads = context.broken === '' ? ['main', 'writer'] : ['writer'];
  for (const thread of threads) {
    const load = await round.load({ devices: 8 });
    await sleep(300 + context.random.below(500));
    writeFileSync(order, `stall ${thread}`);
    const isSilent = await waitUntil(
      'silence',
      silentFor(silenceMs, () => socket.heard().length),
      noticedWithinMs,
    ).then(
      () => true,
      () => false,
    );
    if (!isSilent) findings.push({ oracle: 'up', says: `the ${thread} thread stood still, and signs of life went on` });
    if (round.daemon.isRunning()) await round.daemon.kill();
    rmSync(order, { force: true });
    await load.stop();
    await round.restart();
  }
  findings.push(...(await judge(round)));
  return { findings, acknowledged: round.acknowledged.size, says: threads.join(', ') };
}

/** Says whether a count has stood still for so long. */
function silentFor(ms: number, count: () => number): () => boolean {
  let [last, since] = [count(), performance.now()];
  return () => {
    if (count() !== last) [last, since] = [count(), performance.now()];
    return performance.now() - since >= ms;
  };
}
