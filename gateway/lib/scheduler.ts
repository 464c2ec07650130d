/** The one way in which stages wait, so that tests can drive the time themselves. Disposing cancels. */
export interface Scheduler {
  after(ms: number, run: () => void): Disposable;
}

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const longestMs = 2_147_483_647;

export const systemScheduler: Scheduler = {
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), longestMs));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Resolves after `ms`, or as soon as the signal aborts. */
export async function pause(scheduler: Scheduler, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  using _timer = scheduler.after(ms, resolve);
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
