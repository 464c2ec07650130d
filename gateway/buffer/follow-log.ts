import type { LogFollower, OpenFollower } from '../../contracts/log-follower.ts';
import type { OpenStore } from './open-store.ts';

/** Opens a stage's half in this thread; from then on the log keeps what that still needs. */
export function followLog({ db, log, store, tables }: OpenStore, open: OpenFollower, options: unknown): LogFollower {
  const follower = open(
    {
      nextLsn: () => store.nextLsn,
      batchAt: (lane, lsn) => log.follow(lane, lsn),
      run: (statement, params) => tables.run(statement, params),
      all: (statement, params) => tables.all(statement, params),
      transaction: (work) => db.transaction(work).immediate(),
    },
    options as never,
  );
  store.keepFor(follower);
  return follower;
}
