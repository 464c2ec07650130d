import { execFile, type ExecFileException } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Machine } from './update.ts';

const exec = promisify(execFile);
const unit = 'portcullis.service';
const askEveryMs = 2_000;
/** What systemctl says of a unit that does not come up. A release that ends at its start is the judge's to find and take back. */
const triedInVain = /^Job for portcullis\.service failed/m;

export interface Patience {
  /** How long the new release may take until it is ready. */
  readonly readyMs: number;
  /** How long it must then stay so. */
  readonly stableMs: number;
}

/** A machine with systemd, and the gateway's own answer at `url` to how it is. */
export function systemdMachine(url: string, { readyMs, stableMs }: Patience): Machine {
  return {
    unpack: async (tarball, folder) => {
      await exec('tar', ['-xJf', tarball, '-C', folder, '--strip-components=1', '--no-same-owner']);
      await exec('sync', ['--file-system', folder]);
    },
    restart: async () => {
      await exec('systemctl', ['restart', unit]).catch((error: ExecFileException) => {
        // Only where systemd tried: otherwise the gateway that still runs would answer for the new one.
        if (!triedInVain.test(error.stderr ?? '')) throw error;
      });
    },
    ailment: () => ailmentOf(url, { readyMs, stableMs }),
  };
}

/** Asks `/readyz` until it has been well for `stableMs` without a break; gives up when it was not ready in time. */
export async function ailmentOf(url: string, { readyMs, stableMs }: Patience): Promise<string | undefined> {
  const start = performance.now();
  let wellSince: number | undefined;
  for (;;) {
    const because = await answerOf(url);
    const now = performance.now();
    wellSince = because === undefined ? (wellSince ?? now) : undefined;
    if (wellSince !== undefined && now - wellSince >= stableMs) return undefined;
    if (wellSince === undefined && now - start > readyMs) return because;
    await sleep(Math.min(askEveryMs, stableMs / 4));
  }
}

async function answerOf(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    return answer.ok ? undefined : `it is not ready (${answer.status})`;
  } catch {
    return 'it does not answer';
  }
}
