import { setTimeout as sleep } from 'node:timers/promises';
import { startPublisher } from '../../test/harness/publisher.ts';
import { waitUntil } from '../../test/harness/wait-until.ts';
import type { Contender } from './contender.ts';
import { lostOf } from './lost.ts';
import { note } from './power-cut.ts';

/** A backlog that does not drain within this time is told as it stands. */
const boundMs = 60_000;

export interface Drain {
  readonly backlog: number;
  readonly missing: number;
  /** From the far side's return until nothing was missing; undefined when that was not reached. */
  readonly seconds: number | undefined;
}

/** What waits while the far side is away, and how long it takes when that is back. */
export async function measureDrain(contender: Contender, messages: number): Promise<Drain> {
  const { far, port } = contender;
  const publisher = await startPublisher({ port, devices: 50, note });
  await waitUntil('the devices to be answered', () => publisher.acknowledged.size >= messages, 120_000);
  await publisher.stop();
  const from = performance.now();
  await far.appear();
  const elapsed = (): number => performance.now() - from;
  for (;;) {
    while (far.count() < publisher.acknowledged.size && elapsed() < boundMs) await sleep(50);
    const ms = elapsed();
    // What was sent and not acknowledged may have come too, so that the count alone says too little.
    const { lost, of } = lostOf(publisher.acknowledged, await far.numbers());
    if (lost === 0) return { backlog: of, missing: 0, seconds: ms / 1_000 };
    if (ms >= boundMs) return { backlog: of, missing: lost, seconds: undefined };
    await sleep(500);
  }
}
