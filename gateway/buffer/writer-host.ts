import { Worker } from 'node:worker_threads';
import type { Clock } from '../lib/clock.ts';
import { layTexts, openRoom } from '../lib/text-room.ts';
import type { Answer, NumberedCommit, Now, Opening, Operation, Operations, WriterData } from './protocol.ts';
import { errorFrom, type ErrorReport } from './store-error.ts';
import { filename, writerMark } from './writer.ts';

/** The writer thread, seen from the main thread. */
export interface Writer {
  /** Rejects with a PortcullisError; after an `io` or `corrupt` fault, or without an answer in time, the writer is over. */
  ask<Op extends Operation>(op: Op, ask: Operations[Op]['ask']): Promise<Operations[Op]['answer']>;
  readonly opening: Opening & { opened: true };
  /** Settles when the thread can no longer be used. */
  readonly over: Promise<ErrorReport>;
  /** Ends the thread at once. Bounded: a thread stuck in the kernel cannot be ended, and is reported as such. */
  end(): Promise<boolean>;
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  /** Of the looks of the watchdog, how many were before it. */
  readonly since: number;
}

const endWithinMs = 10_000;
/** More than the bound of a commit; memory that no text has touched costs nothing. */
const roomBytes = 2 * 1024 * 1024;

export const nowOf = (clock: Clock): Now => ({ wallMs: clock.wallMs(), monoMs: clock.monoMs() });

/** Starts the thread; resolves when the database is open, rejects with a PortcullisError when it cannot be opened. */
export async function startWriter(
  options: WriterData['options'],
  deps: { clock: Clock; answerTimeoutMs: number; again: boolean },
): Promise<Writer> {
  const room = commitRoom();
  const worker = new Worker(filename, {
    name: 'buffer-writer',
    workerData: {
      mark: writerMark,
      start: { options, now: nowOf(deps.clock), again: deps.again, room: room.memory } satisfies WriterData,
    },
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  const waiting = new Map<number, Waiting>();
  const { promise: over, resolve: setOver } = Promise.withResolvers<ErrorReport>();
  const opening = Promise.withResolvers<Opening>();
  let lost: ErrorReport | undefined;
  let lastId = 0;

  const lose = (error: ErrorReport): void => {
    if (lost) return;
    lost = error;
    clearInterval(watchdog);
    opening.resolve({ opened: false, error });
    // Before the answers: who asks again because of them shall come to the next writer.
    setOver(error);
    for (const { reject } of waiting.values()) reject(errorFrom(error));
    waiting.clear();
  };
  // Time is counted in looks: while the whole process stands still, as in a machine that is paused, no look passes.
  const lookMs = Math.min(1_000, deps.answerTimeoutMs / 4);
  let looks = 0;
  const watchdog = setInterval(() => {
    looks += 1;
    const oldest = waiting.values().next().value;
    if (!oldest || (looks - oldest.since) * lookMs < deps.answerTimeoutMs) return;
    lose({ fault: 'io', message: `no answer for ${deps.answerTimeoutMs} ms`, code: 'WRITER_SILENT' });
  }, lookMs);
  watchdog.unref();

  worker.once('message', (message: Opening) => opening.resolve(message));
  worker.on('message', (message: Opening | Answer) => {
    if (!('id' in message)) return;
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    room.answered(message.id);
    if (!message.ok && (message.error.fault === 'io' || message.error.fault === 'corrupt')) lose(message.error);
    if (message.ok) asked?.resolve(message.answer as never);
    else asked?.reject(errorFrom(message.error));
  });
  worker.on('error', (error) => lose({ fault: 'io', message: String(error), code: 'WRITER_DIED' }));
  worker.on('exit', () => lose({ fault: 'closed', message: 'the writer thread ended', code: 'WRITER_ENDED' }));

  const end = async (): Promise<boolean> => {
    lose({ fault: 'closed', message: 'the writer was ended', code: 'WRITER_ENDED' });
    const deadline = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => deadline.resolve(false), endWithinMs);
    const ended = await Promise.race([worker.terminate().then(() => true), deadline.promise]);
    clearTimeout(timer);
    return ended;
  };
  const opened = await opening.promise;
  if (!opened.opened) {
    await end();
    throw errorFrom(opened.error);
  }
  return {
    opening: opened,
    over,
    end,
    ask(op, ask) {
      if (lost) return Promise.reject(errorFrom(lost));
      lastId += 1;
      const id = lastId;
      const now = nowOf(deps.clock);
      const sent = op === 'commit' ? room.lay(id, ask as NumberedCommit) : ask;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, since: looks });
        worker.postMessage({ id, op, now, ask: sent });
      });
    },
  };
}

interface CommitRoom {
  readonly memory: SharedArrayBuffer;
  /** The commit as it is sent: its texts lie in the room, where they are long and no other commit's lie there. */
  lay(id: number, commit: NumberedCommit): NumberedCommit;
  answered(id: number): void;
}

function commitRoom(): CommitRoom {
  const room = openRoom(new SharedArrayBuffer(roomBytes));
  let usedBy: number | undefined;
  return {
    memory: room.buffer,
    lay(id, commit) {
      const texts = commit.lanes.map(({ text }) => (typeof text === 'string' ? text : ''));
      const ends = usedBy === undefined ? layTexts(texts, room) : undefined;
      if (ends === undefined) return commit;
      usedBy = id;
      return { ...commit, lanes: commit.lanes.map((lane) => Object.assign({}, lane, { text: '' })), ends };
    },
    answered(id) {
      if (id === usedBy) usedBy = undefined;
    },
  };
}
