import type { RuleEngine } from './core/engine.ts';
import type { LivedTime } from '../lib/lived-time.ts';
import type { Now } from './core/evaluate.ts';

/** With a schedule the wall clock is looked at so often, because it may have been set. */
const lookAtClockMs = 60_000;
const longestMs = 2_147_000_000;

/** Wakes the rules when time alone may change something; while nothing falls due, there is no timer. */
export interface RuleTimer extends Disposable {
  /** To be called when something may fall due sooner than it did. */
  arm(): void;
}

export function openTimer(parts: {
  readonly engine: RuleEngine;
  readonly time: LivedTime;
  readonly now: () => Now;
  readonly onWake: () => void;
}): RuleTimer {
  const { engine, time, now } = parts;
  let timer: NodeJS.Timeout | undefined;
  let at = Infinity;
  let clock = now();

  const wake = (): void => {
    timer = undefined;
    at = Infinity;
    const next = now();
    // A wall clock that did not go with lived time was set: what was reckoned from it is reckoned again.
    const went = next.lived - clock.lived;
    const isSet =
      next.wall === undefined || clock.wall === undefined || Math.abs(next.wall - clock.wall - went) > 1_000;
    clock = next;
    if (isSet) engine.lookAtAll(next, ({ hasTime }) => hasTime);
    engine.advance(next);
    parts.onWake();
    arm();
  };
  const arm = (): void => {
    const lived = time.now();
    const due = Math.min(engine.nextDue ?? Infinity, engine.hasSchedule ? lived + lookAtClockMs : Infinity);
    if (due >= at && timer !== undefined) {
      if (due !== Infinity) return;
      clearTimeout(timer);
      timer = undefined;
      at = Infinity;
      return;
    }
    clearTimeout(timer);
    timer = undefined;
    at = due;
    if (due !== Infinity) timer = setTimeout(wake, Math.min(longestMs, Math.max(0, due - lived))).unref();
  };
  return {
    arm,
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
