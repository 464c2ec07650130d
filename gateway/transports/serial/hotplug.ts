import { watch } from 'node:fs';
import type { Logger } from 'pino';

/** Told of serial adapters that come and go. */
export interface Hotplug extends Disposable {
  /** Resolves at the next change, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void>;
}

/** After the kernel made the node, udev still sets its group. */
const settleMs = 300;

/**
 * Watches `/dev` for adapters: the kernel itself makes and removes the nodes there, so nothing is polled. Where `/dev`
 * cannot be watched, ports are found again at their next try.
 */
export function openHotplug(dev: string, log: Logger): Hotplug {
  let change = Promise.withResolvers<void>();
  let settling: NodeJS.Timeout | undefined;
  const onEvent = (_kind: string, name: string | null): void => {
    if (name !== null && !/^tty(?:USB|ACM)\d+$/.test(name)) return;
    settling ??= setTimeout(() => {
      settling = undefined;
      change.resolve();
      change = Promise.withResolvers();
    }, settleMs).unref();
  };
  const watcher = startWatching(dev, onEvent, log);
  return {
    next(signal) {
      if (signal.aborted) return Promise.resolve();
      const aborted = Promise.withResolvers<void>();
      const onAbort = (): void => aborted.resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      return Promise.race([change.promise, aborted.promise]).finally(() =>
        signal.removeEventListener('abort', onAbort),
      );
    },
    [Symbol.dispose]() {
      clearTimeout(settling);
      watcher?.close();
    },
  };
}

function startWatching(dev: string, onEvent: (kind: string, name: string | null) => void, log: Logger) {
  try {
    const watcher = watch(dev, { persistent: false }, onEvent);
    watcher.on('error', (err) => log.warn({ err, dev }, 'serial adapters are no longer watched'));
    return watcher;
  } catch (err) {
    log.warn({ err, dev }, 'serial adapters are not watched; a new one is found at the next try');
    return undefined;
  }
}
