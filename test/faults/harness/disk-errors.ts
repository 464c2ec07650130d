import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileShim } from '../../harness/shim.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import type { Outcome } from './fault.ts';
import { judge } from './oracles.ts';
import { openRound, type Round, type RoundContext } from './round.ts';

/** What test/shims/disk-fault.c understands. */
const orders = [
  'once',
  'always',
  'hang',
  'slow 50',
  'slow 400',
  'slow 5000',
  'write-eio',
  'short',
  'no-space',
  'read-only',
  'read-eio',
] as const;

/** The disk fails in some of these ways, one after the other, each under load; the last one ends with kill -9. */
export async function failingDisk(context: RoundContext, count: number): Promise<Outcome> {
  const { random, ends } = context;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-order-'));
  ends.after(() => rmSync(folder, { recursive: true, force: true }));
  const order = join(folder, 'order');
  const round = await openRound(context, {
    env: { LD_PRELOAD: compileShim(join(import.meta.dirname, '../../shims/disk-fault.c')), DISK_FAULT_FILE: order },
  });
  const chosen = Array.from({ length: count }, () => random.pick(orders));
  // No commit comes through it, so that the kill finds whatever was acknowledged without one.
  chosen.push('write-eio');
  for (const [index, word] of chosen.entries()) {
    const load = await round.load({ devices: 20 });
    await sleep(300);
    writeFileSync(order, word);
    await sleep(300 + random.below(1_000));
    if (index === chosen.length - 1 && round.daemon.isRunning()) await round.daemon.kill();
    rmSync(order, { force: true });
    await recovered(round);
    await load.stop();
  }
  return { findings: await judge(round), acknowledged: round.acknowledged.size, says: chosen.join(', ') };
}

/** It works again, or it ended as it should and systemd would have started it again. */
async function recovered(round: Round): Promise<void> {
  await waitUntil('the gateway to be ready again, or to end', async () => {
    if (!round.daemon.isRunning()) return true;
    return fetch(`http://127.0.0.1:${round.daemon.httpPort}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  if (!round.daemon.isRunning()) await round.restart();
}
