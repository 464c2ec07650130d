import type { GatewayLine } from './gateway-line.ts';

/** Time of a test of flows: it stands still until it is moved, and moves from timer to timer. */
export interface TestClock {
  /** Resolves when so much time has passed and nothing is left to do at its end. */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly act: () => void;
  readonly everyMs: number | undefined;
  dueMs: number;
}

const later = globalThis.setImmediate;
/** Turns of the event loop without anything asked of the gateway, after which nothing is under way. */
const quietTurns = 20;

/** Takes the place of the process's timers and of its wall clock, for whoever asks for them from now on. */
export function startTestClock(fromMs: number, gateway: Pick<GatewayLine, 'owed'>): TestClock {
  const timers = new Map<object, Timer>();
  let nowMs = fromMs;
  const add = (act: () => void, waitMs: unknown, repeats: boolean): object => {
    const wait = Math.max(1, Number(waitMs) || 0);
    const handle = { ref: () => handle, unref: () => handle, hasRef: () => true, [Symbol.toPrimitive]: () => 0 };
    timers.set(handle, { act, everyMs: repeats ? wait : undefined, dueMs: nowMs + wait });
    return handle;
  };
  const remove = (handle: unknown): void => void timers.delete(handle as object);
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < quietTurns; quiet += 1) {
      await new Promise((resolve) => later(resolve));
      if (gateway.owed() > 0) quiet = 0;
    }
  };
  const fire = (handle: object, timer: Timer): void => {
    nowMs = Math.max(nowMs, timer.dueMs);
    if (timer.everyMs === undefined) timers.delete(handle);
    else timer.dueMs += timer.everyMs;
    timer.act();
  };

  const RealDate = Date;
  class TestDate extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      // What is asked for without arguments is now.
      if (given.length === 0) super(nowMs);
      else super(...given);
    }
    static override now(): number {
      return nowMs;
    }
  }
  type Act = (...given: unknown[]) => void;
  Object.assign(globalThis, {
    Date: TestDate,
    setTimeout: (act: Act, ms?: unknown, ...given: unknown[]) => add(() => act(...given), ms, false),
    setInterval: (act: Act, ms?: unknown, ...given: unknown[]) => add(() => act(...given), ms, true),
    clearTimeout: remove,
    clearInterval: remove,
  });
  return {
    async advance(ms) {
      const until = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...timers]
          .filter(([, { dueMs }]) => dueMs <= until)
          .toSorted(([, a], [, b]) => a.dueMs - b.dueMs)[0];
        if (next === undefined) break;
        fire(...next);
        await settle();
      }
      nowMs = until;
    },
  };
}
