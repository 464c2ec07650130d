import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Restores state after failures: once for any number of them at a time, again and again until it succeeds. */
export interface Recovery {
  begin(): void;
  readonly running: boolean;
}

const againMs = 1_000;

/** `restore` runs at once, up to its first wait, so that it can hold what must not go on. */
export function recovery(restore: () => Promise<void>, log: Logger): Recovery {
  let running = false;
  const untilDone = async (): Promise<void> => {
    while (running) {
      try {
        await restore();
        running = false;
      } catch (error) {
        log.warn({ err: error }, 'state could not be read back after a failed commit; trying again');
        await sleep(againMs, undefined, { ref: false });
      }
    }
  };
  return {
    begin() {
      if (running) return;
      running = true;
      void untilDone();
    },
    get running() {
      return running;
    },
  };
}
