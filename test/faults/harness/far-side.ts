import { setTimeout as sleep } from 'node:timers/promises';
import { cloudFaults } from '../../harness/cloud.ts';
import { linkFaults, startTcpProxy, type TcpProxy } from '../../harness/tcp-proxy.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import type { Outcome } from './fault.ts';
import { judge } from './oracles.ts';
import { openRound, type Round, type RoundContext } from './round.ts';

/** A cloud that refuses, fails, throttles, loses answers, forgets tokens, hangs and is late, in an order of the seed. */
export async function failingCloud(context: RoundContext): Promise<Outcome> {
  const round = await openRound(context);
  if (context.broken !== '') return withoutCloud(round);
  const chosen = shuffled(cloudFaults, context);
  for (const fault of chosen) {
    const load = await round.load({ devices: 4, pauseMs: 5 });
    await sleep(200);
    await round.cloud.fault(fault);
    await sleep(1_000);
    await load.stop();
  }
  await round.cloud.clearFaults();
  return end(round, chosen.map(({ kind }) => String(kind)).join(', '));
}

/** Both sinks behind a link that goes down, takes without giving, loses answers, is slow or lossy, in an order of the seed. */
export async function failingLink(context: RoundContext): Promise<Outcome> {
  const { ends, random } = context;
  const lost = (): boolean => random.chance(1 / 3);
  const proxies: TcpProxy[] = [];
  const via = async (port: number): Promise<number> => {
    const proxy = await startTcpProxy(ends, port, lost);
    proxies.push(proxy);
    return proxy.port;
  };
  const round = await openRound(context, { via });
  if (context.broken !== '') {
    for (const proxy of proxies) proxy.set('down');
    return withoutCloud(round, () => proxies.forEach((proxy) => proxy.set('up')));
  }
  const chosen = shuffled(linkFaults, context);
  for (const link of chosen) {
    const load = await round.load({ devices: 4, pauseMs: 5 });
    await sleep(200);
    for (const proxy of proxies) proxy.set(link);
    await sleep(1_000 + random.below(1_000));
    if (link !== 'slow') for (const proxy of proxies) proxy.set('up');
    await load.stop();
  }
  for (const proxy of proxies) proxy.set('up');
  return end(round, chosen.join(', '));
}

/** For the control: nothing can be delivered for a while, and what is settled meanwhile is lost. */
async function withoutCloud(round: Round, heal?: () => void): Promise<Outcome> {
  await round.cloud.fault({ kind: 'refuse', forMs: 600_000 });
  const load = await round.load({ devices: 4, pauseMs: 5 });
  await waitUntil('acknowledgements', () => load.acknowledged.size > 50);
  await load.stop();
  await sleep(2_000);
  heal?.();
  await round.cloud.clearFaults();
  return end(round, 'nothing could be delivered');
}

const end = async (round: Round, says: string): Promise<Outcome> => ({
  findings: await judge(round),
  acknowledged: round.acknowledged.size,
  says,
});

function shuffled<T>(all: readonly T[], { random }: RoundContext): T[] {
  const left = [...all];
  return all.map(() => left.splice(random.below(left.length), 1)[0] as T);
}
