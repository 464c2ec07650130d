import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { tell } from '../../observability/channels.ts';
import type { Board } from './boards.ts';
import { findLine, placeOf } from './find-line.ts';
import { gpioLimits, type GpioLineOptions } from './options.ts';
import type { ChipLine, GpioWay, LineEvents } from './way.ts';

/** `missing`: no such line on this machine; `failed`: it is there and cannot be used. */
export type LineState = 'missing' | 'failed' | 'open';

/** A line that is opened again whenever it can be, until it is disposed. */
export interface KeptLine extends AsyncDisposable {
  readonly state: LineState;
}

/** Whoever uses the line while it is open. */
export interface LineUser {
  /** Opens the line and begins; disposing what it gives ends that. */
  open(at: ChipLine, events: Pick<LineEvents, 'onClosed'>): Promise<AsyncDisposable>;
  /** The line was lost by itself. */
  onLost(): void;
}

export interface KeepLineDeps {
  readonly way: GpioWay;
  readonly boards: readonly Board[];
  /** Lines of the kernel to the names of those that use them, shared by all. */
  readonly taken: Map<string, string>;
  readonly log: Logger;
}

/** Finds the line, opens it, and begins again with doubling waits when that fails. An alarm says so, while it does. */
export function keepLine(
  options: GpioLineOptions,
  user: LineUser,
  { way, boards, taken, log }: KeepLineDeps,
): KeptLine {
  const { name, place } = options;
  const stopping = new AbortController();
  let state: LineState = 'missing';
  let told: string | undefined;
  const report = (now: LineState, detail: string): void => {
    state = now;
    if (told === detail) return;
    told = detail;
    log[now === 'open' ? 'info' : 'warn']({ line: name }, `GPIO line ${name}: ${detail}`);
    tell('alarm', { code: 'gpio-line-missing', subject: name, active: now !== 'open', detail });
  };

  /** Whether it was open. */
  const attempt = async (): Promise<boolean> => {
    const found = findLine(place, await way.chips(), boards);
    if (found.is === 'missing') {
      report('missing', `${placeOf(place)} is not there: ${found.why}`);
      return false;
    }
    const { chip, offset } = found.at;
    const other = taken.get(`${chip.name}/${offset}`);
    if (other !== undefined && other !== name) {
      report('failed', `${placeOf(place)} is the line of gpio.lines.${other}`);
      return false;
    }
    taken.set(`${chip.name}/${offset}`, name);
    const ended = Promise.withResolvers<string>();
    const using = await user.open(found.at, { onClosed: ended.resolve });
    report('open', `${placeOf(place)} is line ${offset} of ${chip.label}, by ${way.is}`);
    const onAbort = (): void => ended.resolve('closing');
    stopping.signal.addEventListener('abort', onAbort, { once: true });
    if (stopping.signal.aborted) onAbort();
    const why = await ended.promise;
    await using[Symbol.asyncDispose]();
    if (stopping.signal.aborted) return true;
    user.onLost();
    report('failed', `lost: ${why}`);
    return true;
  };

  const run = async (): Promise<void> => {
    for (let tries = 0; !stopping.signal.aborted; tries++) {
      try {
        if (await attempt()) tries = 0;
      } catch (error) {
        report('failed', (error as Error).message);
      }
      if (stopping.signal.aborted) return;
      tell('retried', { stage: 'gpio', reason: 'open' });
      const waitMs = Math.min(gpioLimits.retryCeilingMs, gpioLimits.retryFirstMs * 2 ** Math.min(tries, 20));
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    get state() {
      return state;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
      tell('alarm', { code: 'gpio-line-missing', subject: name, active: false, detail: '' });
    },
  };
}
