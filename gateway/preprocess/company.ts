/** A batch waits for at most half as long as the one before it took from its decoding to its answers, within these bounds. */
const wait = { leastMs: 2, mostMs: 10 } as const;
/** After waits in vain so many commits pass, at the most, before the next try. */
const mostSkipped = 64;
/**
 * A few envelopes wait for the commit in work somewhat longer than the batch before them took, within these bounds. One that
 * takes longer waits for a slower disk than before, or for company with `buffer.lingerMs`: decoding goes on meanwhile.
 */
const patience = { times: 1.5, leastMs: 4, mostMs: 30 } as const;

/** How long a batch should wait: for a commit, and for those who were answered by it. */
export interface Company {
  /** A batch was sent; so many of one were decoded; all that were decoded are answered, and `isIdle` when no other is in work. */
  sent(): void;
  decoded(many: number): void;
  answered(isIdle: boolean): void;
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
  let unanswered = 0;
  let sentAt = 0;
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
    sent() {
      sentAt = performance.now();
    },
    decoded(many) {
      unanswered += many;
    },
    answered(isIdle) {
      const tookMs = performance.now() - sentAt;
      patienceMs = within(patience, patience.times * tookMs);
      if (isIdle) expect(unanswered, within(wait, tookMs / 2));
      unanswered = 0;
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

const within = ({ leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number }, ms: number): number =>
  Math.min(mostMs, Math.max(leastMs, ms));
