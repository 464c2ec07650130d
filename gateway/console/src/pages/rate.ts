import { useEffect, useRef, useState } from 'preact/hooks';
import type { LedgerLine } from '../asking/types.ts';
import { span } from '../parts/words.ts';

/** Records a second. */
export interface Rate {
  readonly in: number;
  readonly out: number;
}

const windowMs = 30_000;
const leastMs = 2500;

interface Look {
  readonly at: number;
  readonly accepted: number;
  readonly left: number;
}

/** What came in and went out a second, over the last half minute that the page saw; undefined until it saw enough. */
export function useRate(line: LedgerLine | undefined): Rate | undefined {
  const looks = useRef<readonly Look[]>([]);
  const [rate, show] = useState<Rate>();
  useEffect(() => {
    if (line === undefined) return;
    const now = performance.now();
    const left = line.accepted - line.buffered;
    looks.current = [
      ...looks.current.filter(({ at }) => at > now - windowMs),
      { at: now, accepted: line.accepted, left },
    ];
    const [first] = looks.current;
    if (first === undefined || now - first.at < leastMs) return;
    const perSecond = (n: number): number => Math.max(0, n / ((now - first.at) / 1000));
    show({ in: perSecond(line.accepted - first.accepted), out: perSecond(left - first.left) });
  }, [line]);
  return rate;
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
