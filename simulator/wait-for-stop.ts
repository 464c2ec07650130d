import { constants } from 'node:os';

/** The wish to stop, from a signal or a time that is over. */
export interface StopWish extends Disposable {
  readonly asked: Promise<void>;
  readonly signal: AbortSignal;
  /** From now on the wish also comes by itself after so many seconds; never when undefined. */
  after(seconds: number | undefined): void;
}

/** Ctrl-C, a polite kill, and a terminal that was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Far longer than anybody waits, and short enough for a timer. */
const aliveMs = 86_400_000;

/** Listens, and keeps the process alive, until disposed. A second signal does not wait for anything and ends the process at once. */
export function waitForStop(): StopWish {
  const wish = new AbortController();
  const asked = new Promise<void>((resolve) => wish.signal.addEventListener('abort', () => resolve(), { once: true }));
  const onSignal = (signal: NodeJS.Signals): void => {
    if (wish.signal.aborted) process.exit(128 + constants.signals[signal]);
    wish.abort();
  };
  let timer: NodeJS.Timeout | undefined;
  // A listener for a signal is nothing that Node waits for.
  const alive = setInterval(() => undefined, aliveMs);
  for (const name of signals) process.on(name, onSignal);
  return {
    asked,
    signal: wish.signal,
    after: (seconds) => {
      clearTimeout(timer);
      if (seconds !== undefined) timer = setTimeout(() => wish.abort(), seconds * 1000);
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      clearInterval(alive);
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
