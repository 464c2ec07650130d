import { PortcullisError } from '../../contracts/errors.ts';
import type { CommitAnswer, CommitRequest } from './protocol.ts';
import type { Supervisor } from './writer-supervisor.ts';

/**
 * Commits one request at a time. A writer that is lost on the way, by a failed fsync for example, leaves open whether the commit
 * is in the log: then the next writer is asked, and what it found and synced is answered as done. Tried again, its messages
 * would be stored twice. Rejects as the writer does, when the commit is not there.
 */
export async function openSureCommit(
  writer: Pick<Supervisor, 'ask' | 'lastCommit'>,
): Promise<(request: CommitRequest) => Promise<CommitAnswer>> {
  let n = await writer.lastCommit();
  return async (request) => {
    n += 1;
    const mine = n;
    try {
      return await writer.ask('commit', { ...request, n: mine });
    } catch (error) {
      if (isRefused(error) || (await writer.lastCommit()) !== mine) throw error;
      // How many bytes it took is known to the lost writer alone.
      return { bytes: 0 };
    }
  };
}

/** The writer lives and has rolled back. */
const isRefused = (error: unknown): boolean =>
  error instanceof PortcullisError && (error.code === 'DISK_FULL' || error.code === 'INTERNAL');
