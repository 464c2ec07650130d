import { useEffect, useRef, useState } from 'preact/hooks';
import type { LedgerLine, SystemState } from '../asking/types.ts';
import { span } from '../parts/words.ts';

/** Records a second. */
export interface Rate {
  readonly in: number;
  readonly out: number;
}

const windowMs = 30_000;
const leastMs = 2500;

interface Look<Seen> {
  readonly at: number;
  readonly seen: Seen;
}

/** What a number grows by in a second, over the last half minute that the page saw; undefined until it saw enough. */
function useSpeed<Seen>(seen: Seen | undefined): ((of: (one: Seen) => number) => number) | undefined {
  const looks = useRef<readonly Look<Seen>[]>([]);
  const [ends, show] = useState<readonly [first: Look<Seen>, last: Look<Seen>]>();
  useEffect(() => {
    if (seen === undefined) return;
    const now = performance.now();
    const last = { at: now, seen };
    looks.current = [...looks.current.filter(({ at }) => at > now - windowMs), last];
    const [first] = looks.current;
    if (first !== undefined && now - first.at >= leastMs) show([first, last]);
  }, [seen]);
  if (ends === undefined) return undefined;
  const [first, last] = ends;
  return (of) => Math.max(0, ((of(last.seen) - of(first.seen)) / (last.at - first.at)) * 1000);
}

/** What came in and went out a second. */
export function useRate(line: LedgerLine | undefined): Rate | undefined {
  const speed = useSpeed(line);
  return (
    speed && { in: speed(({ accepted }) => accepted), out: speed(({ accepted, buffered }) => accepted - buffered) }
  );
}

/** How long the card takes what comes in, at the rate of the last half minute, when nothing goes out. */
export function useHolds(state: SystemState | undefined): string {
  const speed = useSpeed(state);
  if (state === undefined || speed === undefined) return 'measuring…';
  const bytes = speed(({ buffer }) => buffer.committedBytes);
  const { buffer, disk } = state;
  const room = Math.max(0, Math.min(buffer.maxBytes - buffer.usedBytes, disk.freeBytes));
  return bytes === 0 ? 'nothing comes in at the moment' : span((room / bytes) * 1000);
}

/** How long the backlog needs at the present rate. */
export function drainText(buffered: number, rate: Rate | undefined): string {
  if (buffered === 0) return 'nothing waits';
  if (rate === undefined) return 'measuring…';
  const net = rate.out - rate.in;
  if (rate.out === 0) return 'nothing goes out at the moment';
  if (net <= 0) return buffered < rate.out * 5 ? 'a few seconds' : 'as much comes in as goes out';
  return `about ${span(Math.max(1000, (buffered / net) * 1000))}`;
}
