import type { Logger } from 'pino';
import type { TableSet } from '../../contracts/table-set.ts';

/** The one row that is written to see that writing works. */
export const lifeSignTables: TableSet = {
  name: 'life',
  migrations: ['CREATE TABLE life_sign (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT;'],
  statements: { put: 'INSERT INTO life_sign VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at' },
};

interface LifeSign {
  /** Three signs fit into the watchdog's time, so one may come late. */
  readonly everyMs: number;
  /** Commits something, and so proves that the writer and the disk behind it work. */
  readonly probe: () => Promise<void>;
  readonly say: () => Promise<void>;
  readonly log: Logger;
}

/**
 * Says that the gateway lives, as long as the event loop turns and the last commit succeeded. A stalled loop runs no
 * timer, a commit that hangs or fails says nothing: in both cases the silence makes systemd start the gateway anew.
 */
export function startLifeSigns({ everyMs, probe, say, log }: LifeSign): Disposable {
  let probing = false;
  const sign = async (): Promise<void> => {
    if (probing) return;
    probing = true;
    try {
      await probe();
      await say();
    } catch (err) {
      log.warn({ err }, 'no sign of life for the watchdog: a commit or the telling of it failed');
    } finally {
      probing = false;
    }
  };
  const timer = setInterval(() => void sign(), everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
