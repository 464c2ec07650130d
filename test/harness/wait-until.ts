import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is true; fails with the sentence when that takes longer than the bound. */
export async function waitUntil(what: string, ask: () => Promise<boolean> | boolean, boundMs = 60_000): Promise<void> {
  const giveUpAt = performance.now() + boundMs;
  for (;;) {
    if (await ask()) return;
    if (performance.now() > giveUpAt) throw new Error(`waited ${boundMs} ms in vain: ${what}`);
    await sleep(50);
  }
}

/** Waits until a figure has been the same for a while, and resolves with it. Rejects when it never stands still. */
export async function untilStill(what: string, read: () => number, stillMs = 1500): Promise<number> {
  let [last, since] = [read(), performance.now()];
  await waitUntil(what, () => {
    if (read() !== last) [last, since] = [read(), performance.now()];
    return performance.now() - since >= stillMs;
  });
  return last;
}
