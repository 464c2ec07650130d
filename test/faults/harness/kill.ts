import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from './fault.ts';
import { judge } from './oracles.ts';
import { openRound, type RoundContext } from './round.ts';

/** kill -9 under load at random moments, `lives` times. */
export async function killAtRandom(context: RoundContext, lives: number): Promise<Outcome> {
  const { random } = context;
  const round = await openRound(context);
  for (let life = 0; life < lives; life++) {
    const load = await round.load({ devices: 20, pauseMs: 0, qos: random.pick([1, 2]) });
    await sleep(300 + random.below(700));
    await round.daemon.kill();
    await load.stop();
    await round.restart();
  }
  return { findings: await judge(round), acknowledged: round.acknowledged.size, says: `${lives} lives` };
}
