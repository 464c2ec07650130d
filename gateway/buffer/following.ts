import type { Logger } from 'pino';
import type { FollowAnswer } from './protocol.ts';

/** Lets the follower in the writer thread work, one step after the other, soon after something was committed. */
export interface Following extends Disposable {
  due(): void;
  /** Resolves when the follower has taken all that was committed before the call. */
  caughtUp(): Promise<void>;
}

/** Long enough that many commits are followed together. */
const soonMs = 500;
/** After a failure, for example on a full disk. */
const troubledMs = 5_000;

export function followCommits(step: () => Promise<FollowAnswer>, log: Logger): Following {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isSoon = false;
  let isOver = false;
  let troubled = false;

  const after = (ms: number): void => {
    clearTimeout(timer);
    isSoon = ms <= soonMs;
    timer = isOver ? undefined : setTimeout(() => void run().catch(() => undefined), ms).unref();
  };
  const work = async (): Promise<void> => {
    clearTimeout(timer);
    isSoon = false;
    try {
      let answer = await step();
      while (answer.more) {
        if (isOver) return;
        answer = await step();
      }
      troubled = false;
      if (answer.againInMs !== undefined && !isSoon) after(Math.max(soonMs + 1, answer.againInMs));
    } catch (error) {
      if (!troubled) log.warn({ err: error }, 'history could not follow the log; it is tried again');
      troubled = true;
      after(troubledMs);
      throw error;
    }
  };
  const run = (): Promise<void> => (running ??= work().finally(() => (running = undefined)));
  after(soonMs);

  return {
    due() {
      if (!isSoon && !troubled) after(soonMs);
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
