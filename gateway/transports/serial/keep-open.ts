import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LentEvents } from '../../../contracts/handles.ts';
import { tell } from '../../observability/channels.ts';
import { findAdapter, identityOf, type Adapter } from './adapters.ts';
import { openDevice, type SerialDevice } from './device.ts';
import type { Hotplug } from './hotplug.ts';
import { serialLimits, type SerialPortOptions } from './options.ts';

/** `missing`: no such adapter, or several; `failed`: it is there and cannot be opened. */
export type PortState = 'missing' | 'failed' | 'open';

/** A port that is opened again whenever it can be, until it is disposed. */
export interface KeptPort extends AsyncDisposable {
  readonly state: PortState;
  /** The device while it is open. */
  device(): SerialDevice | undefined;
}

export interface KeepOpenDeps {
  readonly log: Logger;
  readonly hotplug: Hotplug;
  readonly list: () => Promise<readonly Adapter[]>;
}

export interface PortEvents extends LentEvents<Uint8Array> {
  readonly onOpen: (device: SerialDevice) => void;
}

/**
 * Finds the adapter by its identity, opens it, and begins again when it is gone: at once when something was plugged in,
 * else with doubling waits. An alarm says that it is missing, while it is.
 */
export function keepOpen(options: SerialPortOptions, events: PortEvents, deps: KeepOpenDeps): KeptPort {
  const stopping = new AbortController();
  const kept: { state: PortState; device: SerialDevice | undefined } = { state: 'missing', device: undefined };

  const attempt = async (): Promise<'was open' | 'not opened'> => {
    const found = findAdapter(options.adapter, await deps.list());
    if (found.is !== 'found') {
      const why = found.is === 'missing' ? 'is not plugged in' : `could be any of ${found.paths.join(', ')}`;
      report('missing', `the adapter ${identityOf(options.adapter)} ${why}`);
      return 'not opened';
    }
    const ended = Promise.withResolvers<string>();
    try {
      kept.device = await openDevice(found.path, options, { onData: events.onData, onClosed: ended.resolve });
    } catch (error) {
      report('failed', (error as Error).message);
      return 'not opened';
    }
    report('open', `open as ${found.path}`);
    events.onOpen(kept.device);
    const onAbort = (): void => ended.resolve('closing');
    stopping.signal.addEventListener('abort', onAbort, { once: true });
    // The stop may have come while the port was being opened.
    if (stopping.signal.aborted) onAbort();
    const why = await ended.promise;
    stopping.signal.removeEventListener('abort', onAbort);
    await kept.device[Symbol.asyncDispose]();
    kept.device = undefined;
    if (!stopping.signal.aborted) {
      events.onClosed(why);
      report('missing', `lost: ${why}`);
    }
    return 'was open';
  };

  let told: string | undefined;
  const report = (state: PortState, detail: string): void => {
    kept.state = state;
    if (told === detail) return;
    told = detail;
    deps.log[state === 'open' ? 'info' : 'warn']({ port: options.name }, `serial port ${options.name}: ${detail}`);
    tell('alarm', { code: 'serial-port-missing', subject: options.name, active: state !== 'open', detail });
  };

  const run = async (): Promise<void> => {
    for (let tries = 0; !stopping.signal.aborted; tries++) {
      if ((await attempt()) === 'was open') tries = 0;
      if (stopping.signal.aborted) return;
      tell('retried', { stage: 'serial', reason: 'open' });
      const waitMs = Math.min(serialLimits.retryCeilingMs, serialLimits.retryFirstMs * 2 ** Math.min(tries, 20));
      await untilChange(waitMs);
    }
  };
  const untilChange = async (waitMs: number): Promise<void> => {
    const over = new AbortController();
    const signal = AbortSignal.any([stopping.signal, over.signal]);
    await Promise.race([sleep(waitMs, undefined, { signal }).catch(() => undefined), deps.hotplug.next(signal)]);
    over.abort();
  };
  const running = run();
  return {
    get state() {
      return kept.state;
    },
    device: () => kept.device,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
      tell('alarm', { code: 'serial-port-missing', subject: options.name, active: false, detail: '' });
    },
  };
}
