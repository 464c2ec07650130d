import type { MessagePort } from 'node:worker_threads';
import type { LogFollower, OpenFollower } from '../../contracts/log-follower.ts';
import { compactHeap } from '../lib/compact-heap.ts';
import { laidTexts, openRoom, type TextRoom } from '../lib/text-room.ts';
import { checkBuffer } from './check.ts';
import { followLog } from './follow-log.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { queryDeadLetters } from './dead-letters.ts';
import { readLedger } from './ledger-report.ts';
import type { OpenStore } from './open-store.ts';
import type { Answer, NumberedCommit, Now, Opening, Operation, Operations, Request, WriterData } from './protocol.ts';
import { markDamaged } from './quarantine.ts';
import { openOrSalvage } from './salvage.ts';
import { readStatus } from './status.ts';
import { reportOf } from './store-error.ts';

type Handlers = { [Op in Operation]: (ask: Operations[Op]['ask'], now: Now) => Operations[Op]['answer'] };

/** A writer that was just ended may need a moment until its lock is gone. */
const lockWaitMs = 2_000;

function handlersOf(
  {
    db,
    store,
    tables,
    outages,
    deadLetters,
    follower,
    room,
  }: OpenStore & { readonly follower: LogFollower | undefined; readonly room: TextRoom },
  lock: Disposable,
  sinks: readonly string[],
): Handlers {
  return {
    commit: (ask, now) => store.commit(withTexts(ask, room), now),
    claim: (ask, now) => store.claim(ask, now),
    settle: (ask, now) => store.settle(ask, now),
    read: (ask) => tables.all(ask.statement, ask.params),
    outage(ask, now) {
      if (ask.started) outages.started(ask.sink, store.moment(now));
      else outages.ended(ask.sink, store.moment(now));
      return undefined;
    },
    ledger: ({ devices }, now) => readLedger(db, sinks, store.moment(now), { devices, tail: store.unfolded() }),
    deadLetters: (ask) => queryDeadLetters(db, ask),
    forgetDeadLetters({ device }) {
      deadLetters.forget(device);
      return undefined;
    },
    follow(_ask, now) {
      const { nextLsn } = store;
      const step = follower?.step(store.moment(now)) ?? { more: false };
      return { ...step, followed: follower?.followed() ?? nextLsn, nextLsn };
    },
    askFollower: (ask) => follower?.ask(ask),
    status: () => readStatus(db, store.unfolded()),
    check: () => checkBuffer(db),
    tick(_ask, now) {
      const more = store.tick(now);
      return { more, dropped: store.takeDropped() };
    },
    close(_ask, now) {
      store.tick(now, true);
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
      lock[Symbol.dispose]();
      return undefined;
    },
  };
}

function withTexts(commit: NumberedCommit, room: TextRoom): NumberedCommit {
  const { ends, lanes } = commit;
  if (ends === undefined) return commit;
  const texts = laidTexts(ends, room);
  return { ...commit, lanes: lanes.map((lane, at) => Object.assign({}, lane, { text: texts[at] ?? '' })) };
}

/** Opens the database and answers requests, one at a time and in order, until it is told to close. */
export function serve(port: MessagePort, data: WriterData, openFollower?: OpenFollower): void {
  const { options, now, again } = data;
  const say = (message: Opening | Answer): void => port.postMessage(message);
  let handlers: Handlers;
  try {
    const lock = lockDataDir(options.dataDir, again ? lockWaitMs : 0);
    const { open, salvaged } = openOrSalvage(options, now);
    const follower = openFollower && followLog(open, openFollower, options.follower?.options);
    handlers = handlersOf({ ...open, follower, room: openRoom(data.room) }, lock, options.sinks);
    compactHeap();
    say({ opened: true, salvaged, lastCommit: open.store.lastCommit });
  } catch (error) {
    say({ opened: false, error: reportOf(error) });
    return;
  }
  const handle = <Op extends Operation>(op: Op, ask: Operations[Op]['ask'], at: Now): Operations[Op]['answer'] =>
    handlers[op](ask, at);
  port.on('message', (request: Request) => {
    try {
      say({ id: request.id, ok: true, answer: handle(request.op, request.ask, request.now) });
    } catch (error) {
      const report = reportOf(error);
      if (report.fault === 'corrupt') markDamaged(options.dataDir);
      say({ id: request.id, ok: false, error: report });
    }
    if (request.op === 'close') port.close();
  });
}
