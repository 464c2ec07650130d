import type { LineUser } from './keep-line.ts';
import type { CounterOptions } from './options.ts';
import type { Speak } from './speak.ts';
import type { GpioWay } from './way.ts';

/** What was counted, and since when (gateway wall time in milliseconds). */
export interface PulseCount {
  readonly count: number;
  readonly since: number;
}

/**
 * A pulse counter. The count is committed together with the message that reports it, so it never goes back behind what the
 * cloud was told, and costs no commit of its own. A kill costs what was counted since the last report.
 */
export function counterLine(options: CounterOptions, start: PulseCount, speak: Speak, way: GpioWay): LineUser {
  const { name, activeLow, debounceMs, pull, reportMs } = options;
  const active = activeLow ? 0 : 1;
  const { since } = start;
  let { count } = start;
  let reported: number | undefined;
  const report = (): void => {
    if (count === reported) return;
    if (speak({ count, since }, [{ statement: 'gpio.keep', params: [name, count, since] }])) reported = count;
  };
  return {
    async open(at, { onClosed }) {
      let waiting: NodeJS.Timeout | undefined;
      const later = (): void => {
        waiting ??= setTimeout(() => {
          waiting = undefined;
          report();
          // Without room for it now.
          if (count !== reported) later();
        }, reportMs);
      };
      const watched = await way.watch(
        at,
        { debounceMs, pull },
        {
          onLevel(level) {
            if (level !== active) return;
            count += 1;
            later();
          },
          onClosed,
        },
      );
      speak('online');
      report();
      return {
        async [Symbol.asyncDispose]() {
          await watched[Symbol.asyncDispose]();
          clearTimeout(waiting);
          report();
        },
      };
    },
    onLost: () => void speak('offline'),
  };
}
