/** The wish to stop, from Ctrl-C, SIGTERM or a time that is over. */
export interface StopWish extends Disposable {
  readonly asked: Promise<void>;
  readonly signal: AbortSignal;
}

/** Listens until disposed. A second signal does not wait for anything and ends the process at once. */
export function waitForStop(afterSeconds: number | undefined): StopWish {
  const wish = new AbortController();
  const asked = new Promise<void>((resolve) => wish.signal.addEventListener('abort', () => resolve(), { once: true }));
  const onSignal = (signal: NodeJS.Signals): void => {
    if (wish.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    wish.abort();
  };
  const timer = afterSeconds === undefined ? undefined : setTimeout(() => wish.abort(), afterSeconds * 1000);
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    asked,
    signal: wish.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
