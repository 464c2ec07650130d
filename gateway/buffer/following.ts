import type { Logger } from 'pino';
import type { FollowAnswer } from './protocol.ts';

/** Lets the follower in the writer thread work, one step after the other, soon after something was committed. */
export interface Following extends Disposable {
  due(): void;
  /** Resolves when the follower has taken all that was committed before the call. */
  caughtUp(): Promise<void>;
}

export interface FollowingParts {
  readonly step: () => Promise<FollowAnswer>;
  /** Whether this thread had hardly a pause since the last call; then the cores belong to those who wait for an answer. */
  readonly isBusy: () => boolean;
  readonly log: Logger;
}

/** Long enough that many commits are followed together. */
const soonMs = 500;
/** After a failure, for example on a full disk. */
const troubledMs = 5_000;
/** Runs that are put off one after the other: 10 s, so that the log keeps little for it alone and a question is soon answered. */
const mostPutOff = 20;

export function followCommits({ step, isBusy, log }: FollowingParts): Following {
  let timer: NodeJS.Timeout | undefined;
  let isRunning = false;
  /** A run is to come soon: something was committed since the last one began. */
  let isDue = false;
  let isOver = false;
  let troubled = false;
  let putOff = 0;

  const after = (ms: number): void => {
    clearTimeout(timer);
    timer = isOver ? undefined : setTimeout(() => void run(), ms).unref();
  };
  /** Steps until nothing is left; when to look again although nothing comes. */
  const work = async (): Promise<number | undefined> => {
    let answer = await step();
    while (answer.more && !stopped()) answer = await step();
    return answer.againInMs;
  };
  const stopped = (): boolean => isOver;
  const run = async (): Promise<void> => {
    if (isBusy() && putOff < mostPutOff) {
      putOff += 1;
      after(soonMs);
      return;
    }
    putOff = 0;
    isRunning = true;
    isDue = false;
    let againInMs: number | undefined;
    try {
      againInMs = await work();
      troubled = false;
    } catch (error) {
      if (!troubled) log.warn({ err: error }, 'history could not follow the log; it is tried again');
      troubled = true;
      againInMs = troubledMs;
    }
    isRunning = false;
    if (isDue && !troubled) after(soonMs);
    else if (againInMs !== undefined) after(Math.max(soonMs, againInMs));
  };
  after(soonMs);

  return {
    due() {
      if (isDue) return;
      isDue = true;
      if (!isRunning && !troubled) after(soonMs);
    },
    async caughtUp() {
      const { nextLsn, followed: first } = await step();
      for (let followed = first; followed < nextLsn; { followed } = await step());
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/** Above this share of its time at work the main thread keeps others waiting; at 1,000 messages/s it has a fifth. */
const busyFrom = 0.6;

/** Says whether the thread was busy since it was last asked. */
export function watchThread(): () => boolean {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization > busyFrom;
  };
}
