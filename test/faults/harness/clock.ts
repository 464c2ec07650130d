import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileShim } from '../../harness/shim.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import type { Outcome } from './fault.ts';
import { judge } from './oracles.ts';
import { openRound, type RoundContext } from './round.ts';

const day = 86_400;
const jumps = [-20_000 * day, -3_650 * day, -30 * day, -3_600, 3_600, 30 * day, 365 * day];

/**
 * The gateway boots at a wrong time and its clock jumps under load, while what it keeps waits for the cloud: nothing expires of
 * what may be 20 days old. Then it is killed, and the clock is right.
 */
export async function jumpingClock(context: RoundContext): Promise<Outcome> {
  const { random, ends } = context;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-clock-'));
  ends.after(() => rmSync(folder, { recursive: true, force: true }));
  const shift = join(folder, 'shift');
  const first = random.pick(jumps);
  writeFileSync(shift, String(first));
  const round = await openRound(context, {
    config: { buffer: { maxAgeDays: 20 } },
    env: { LD_PRELOAD: compileShim(join(import.meta.dirname, '../../shims/clock-shift.c')), CLOCK_SHIFT_FILE: shift },
  });
  await round.cloud.fault({ kind: 'refuse', forMs: 600_000 });
  const chosen = [first, 0, random.pick(jumps), random.pick(jumps), 30 * day];
  for (const seconds of chosen) {
    writeFileSync(shift, String(seconds));
    const load = await round.load({ devices: 4, pauseMs: 5 });
    await waitUntil('acknowledgements to go on', () => load.acknowledged.size > 20);
    await load.stop();
  }
  // Housekeeping, which lets records expire, comes twice a second.
  await sleep(2_000);
  await round.daemon.kill();
  writeFileSync(shift, '0');
  await round.restart();
  await round.cloud.clearFaults();
  const says = chosen.map((seconds) => `${Math.round(seconds / 360) / 10} h`).join(', ');
  return { findings: await judge(round), acknowledged: round.acknowledged.size, says };
}
