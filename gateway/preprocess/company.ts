/** A batch waits for at most half as long as the commit before it took, within these bounds. */
const wait = { leastMs: 2, mostMs: 10 } as const;
/** After waits in vain so many commits pass, at the most, before the next try. */
const mostSkipped = 64;
/**
 * A few envelopes wait for the commit in work somewhat longer than the commit before it took, but not for company that an
 * entry waits for with `buffer.lingerMs`: what takes longer than a disk does says nothing about the next one.
 */
const patience = { times: 1.5, leastMs: 4, slowestDiskMs: 100, elseMs: 30 } as const;

/** Commits that ended at one moment. */
export interface EndedCommits {
  /** So many envelopes have their answer now. */
  readonly answered: number;
  /** How long the disk was at them. */
  readonly tookMs: number;
  /** No other is outstanding. */
  readonly isQuiet: boolean;
}

/** How long a batch should wait: for a commit, and for those who were answered by it. */
export interface Company {
  ended(commits: EndedCommits): void;
  /** Whether some of those who were just answered are still expected. */
  areExpected(): boolean;
  readonly patienceMs: number;
}

/**
 * Batches of those who wait for their answer before they speak again fall into two halves otherwise, one on its way while
 * the other comes back (decision 0175). Whoever speaks alone waits for nobody, and where devices speak when they like the
 * waits are in vain and become rare. `onEnd` is called when the time is over; `most` are company enough.
 */
export function awaitCompany(most: number, queued: () => number, onEnd: () => void): Company {
  let patienceMs: number = patience.leastMs;
  let timer: NodeJS.Timeout | undefined;
  let wanted = 0;
  /** Fewer than these, and the wait was in vain. */
  let enough = 0;
  let skip = 0;
  let skipNext = 1;

  const end = (isInVain: boolean): void => {
    clearTimeout(timer);
    timer = undefined;
    skipNext = isInVain ? Math.min(2 * skipNext, mostSkipped) : 1;
    skip = isInVain ? skipNext : 0;
  };
  const expect = (many: number, waitMs: number): void => {
    const already = queued();
    if (timer !== undefined || many < 2 || already >= most) return;
    if (skip > 0) {
      skip -= 1;
      return;
    }
    wanted = Math.min(most, already + many);
    enough = Math.min(wanted, already + many / 2);
    timer = setTimeout(() => {
      end(queued() < enough);
      onEnd();
    }, waitMs);
  };
  return {
    ended({ answered, tookMs, isQuiet }) {
      patienceMs = patienceAfter(tookMs);
      if (isQuiet) expect(answered, Math.min(wait.mostMs, Math.max(wait.leastMs, tookMs / 2)));
    },
    areExpected() {
      if (timer === undefined) return false;
      if (queued() < wanted) return true;
      end(false);
      return false;
    },
    get patienceMs() {
      return patienceMs;
    },
  };
}

const patienceAfter = (tookMs: number): number =>
  tookMs > patience.slowestDiskMs ? patience.elseMs : Math.max(patience.leastMs, patience.times * tookMs);
