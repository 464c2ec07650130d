import type { EndedCommits } from './company.ts';

/** The commits that were asked for and have no answer yet, for the batches that wait for them. */
export interface OutstandingCommits {
  /** Milliseconds that the disk is at the youngest; undefined when none is outstanding. */
  readonly youngestMs: number | undefined;
  /** When it began, for `end`. */
  begin(): number;
  /** `answered`: who sent each envelope that has its answer now. */
  end(since: number, answered: readonly string[]): void;
  /** Resolves when none is outstanding. */
  quiet(): Promise<void>;
}

/** `nowMs` is monotonic. */
export function outstandingCommits(
  onEnded: (commits: EndedCommits) => void,
  nowMs: () => number = () => performance.now(),
): OutstandingCommits {
  let count = 0;
  let lastBegan = 0;
  let lastEnded = 0;
  let whenQuiet: (() => void)[] = [];
  /** What ends in this turn, since the oldest of it began: one commit holds entries of several parcels. */
  let ending: { since: number; answered: string[] } | undefined;

  const tellEnded = (): void => {
    const { since, answered } = ending ?? { since: 0, answered: [] };
    ending = undefined;
    const now = nowMs();
    // The disk does one after the other.
    const tookMs = now - Math.max(since, lastEnded);
    lastEnded = now;
    onEnded({ answered, tookMs, isQuiet: count === 0 });
  };

  return {
    begin() {
      count += 1;
      lastBegan = nowMs();
      return lastBegan;
    },
    end(since, answered) {
      count -= 1;
      if (ending === undefined) {
        ending = { since, answered: [] };
        queueMicrotask(tellEnded);
      }
      ending.answered.push(...answered);
      if (count > 0) return;
      for (const resolve of whenQuiet) resolve();
      whenQuiet = [];
    },
    get youngestMs() {
      return count === 0 ? undefined : nowMs() - Math.max(lastBegan, lastEnded);
    },
    quiet: async () => {
      if (count > 0) await new Promise<void>((resolve) => void whenQuiet.push(resolve));
    },
  };
}
