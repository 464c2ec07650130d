import { setTimeout as sleep } from 'node:timers/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import { tell } from '../observability/channels.ts';

/** Holding answers back while the disk is full. Disposing clears the alarm. */
export interface DiskFullPauses extends Disposable {
  /** Waits and says true when the error was a full disk and the commit should be tried again. */
  heldBack(error: unknown): Promise<boolean>;
}

const pause = { firstMs: 100, mostMs: 2_000 };

/**
 * A full disk is no reason to refuse anybody: the acknowledgements are held, a person is told, and the same commit is
 * tried again until there is room. Meanwhile the bounded queue behind it pushes back on the transports.
 */
export function diskFullPauses(signal: AbortSignal): DiskFullPauses {
  let tries = 0;
  return {
    async heldBack(error) {
      if (!(error instanceof PortcullisError) || error.code !== 'DISK_FULL' || signal.aborted) return false;
      if (tries === 0) tell('alarm', { code: 'disk-full', subject: 'buffer', active: true, detail: error.message });
      tell('retried', { stage: 'buffer', reason: 'disk-full' });
      const waitMs = Math.min(pause.mostMs, pause.firstMs * 2 ** tries);
      tries += 1;
      try {
        await sleep(waitMs, undefined, { signal });
      } catch {
        return false;
      }
      return true;
    },
    [Symbol.dispose]() {
      if (tries > 0)
        tell('alarm', { code: 'disk-full', subject: 'buffer', active: false, detail: 'there is room again' });
    },
  };
}
