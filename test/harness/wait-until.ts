import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is true; fails with the sentence when that takes longer than the bound. */
export async function waitUntil(what: string, ask: () => Promise<boolean> | boolean, boundMs = 30_000): Promise<void> {
  const giveUpAt = performance.now() + boundMs;
  for (;;) {
    if (await ask()) return;
    if (performance.now() > giveUpAt) throw new Error(`waited ${boundMs} ms in vain: ${what}`);
    await sleep(50);
  }
}
