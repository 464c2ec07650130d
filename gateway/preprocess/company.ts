/** A batch waits for at most half as long as the commit before it took, within these bounds. */
const wait = { leastMs: 2, mostMs: 10 } as const;
/** Where as many messages come within the time, a batch waits for it whoever they come from. */
const crowd = { waitMs: 10, messages: 4 } as const;
/** The rate of messages is averaged over about so long. */
const averagedMs = 250;
/** After waits in vain so many commits pass, at the most, before the next try. */
const mostSkipped = 64;
/**
 * A few envelopes wait for the commit in work somewhat longer than the commit before it took, but not for company that an
 * entry waits for with `buffer.lingerMs`: what takes longer than a disk does says nothing about the next one.
 */
const patience = { times: 1.5, leastMs: 4, slowestDiskMs: 100, elseMs: 30 } as const;

/** Commits that ended at one moment. */
export interface EndedCommits {
  /** Of each envelope that has its answer now, who sent it. */
  readonly answered: readonly string[];
  /** How long the disk was at them. */
  readonly tookMs: number;
  /** No other is outstanding. */
  readonly isQuiet: boolean;
}

/** How long a batch should wait: for a commit, and for company. */
export interface Company {
  /** A client sent something. */
  came(client: string): void;
  ended(commits: EndedCommits): void;
  /** Whether others should be waited for. */
  areExpected(): boolean;
  readonly patienceMs: number;
}

export interface CompanyParts {
  /** So many are company enough. */
  readonly most: number;
  readonly queued: () => number;
  /** The time is over. */
  readonly onEnd: () => void;
  /** Monotonic. */
  readonly nowMs?: () => number;
}

/**
 * Batches of those who wait for their answer before they speak again fall into two halves otherwise, one on its way while
 * the other comes back (decision 0175). Whoever speaks alone waits for nobody, and where devices speak when they like the
 * waits for those who were answered are in vain and become rare; but where they are a crowd, a batch waits for whoever
 * comes (decision 0218).
 */
export function awaitCompany({ most, queued, onEnd, nowMs = () => performance.now() }: CompanyParts): Company {
  const rate = averageRate(nowMs);
  const missing = new Map<string, number>();
  let missed = 0;
  /** More missing than these, and the wait was in vain. */
  let tolerable = 0;
  let patienceMs: number = patience.leastMs;
  let timer: NodeJS.Timeout | undefined;
  let skip = 0;
  let skipNext = 1;

  const isCrowd = (): boolean => rate.perMs() * crowd.waitMs >= crowd.messages;
  const end = (isInVain: boolean): void => {
    clearTimeout(timer);
    timer = undefined;
    skipNext = isInVain ? Math.min(2 * skipNext, mostSkipped) : 1;
    skip = isInVain ? skipNext : 0;
  };
  const timeIsOver = (): void => {
    end(missed > tolerable);
    onEnd();
  };
  const expect = (answered: readonly string[], waitMs: number): void => {
    if (timer !== undefined || queued() >= most || answered.length === 0) return;
    const crowded = isCrowd();
    if (!crowded && answered.length < 2) return;
    if (!crowded && skip > 0) {
      skip -= 1;
      return;
    }
    missing.clear();
    for (const client of answered) missing.set(client, (missing.get(client) ?? 0) + 1);
    missed = answered.length;
    tolerable = answered.length / 2;
    // Who waits for an answer is back by then, or most of them are.
    const look = (): void => {
      if (crowded && missed > tolerable) timer = setTimeout(timeIsOver, crowd.waitMs - waitMs);
      else timeIsOver();
    };
    timer = setTimeout(look, waitMs);
  };
  return {
    came(client) {
      if (timer === undefined) return;
      const times = missing.get(client) ?? 0;
      if (times === 0) return;
      missing.set(client, times - 1);
      missed -= 1;
    },
    ended({ answered, tookMs, isQuiet }) {
      rate.add(answered.length);
      patienceMs = patienceAfter(tookMs);
      if (isQuiet) expect(answered, Math.min(wait.mostMs, Math.max(wait.leastMs, tookMs / 2)));
    },
    areExpected() {
      if (timer === undefined) return false;
      if (missed > 0 && queued() < most) return true;
      end(false);
      return false;
    },
    get patienceMs() {
      return patienceMs;
    },
  };
}

/** Counts that fade; asked for right after a count was added. */
function averageRate(nowMs: () => number): { add(count: number): void; perMs(): number } {
  let faded = 0;
  let at = nowMs();
  return {
    add(count) {
      const now = nowMs();
      faded = faded * Math.exp((at - now) / averagedMs) + count;
      at = now;
    },
    perMs: () => faded / averagedMs,
  };
}

const patienceAfter = (tookMs: number): number =>
  tookMs > patience.slowestDiskMs ? patience.elseMs : Math.max(patience.leastMs, patience.times * tookMs);
