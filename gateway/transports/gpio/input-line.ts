import type { GpioLevel } from '../../../contracts/handles.ts';
import { tell } from '../../observability/channels.ts';
import type { LineUser } from './keep-line.ts';
import { gpioLimits, type InputOptions } from './options.ts';
import type { Speak } from './speak.ts';
import type { GpioWay } from './way.ts';

/**
 * An input: its level when it is opened, then each change. One that changes all the time (a wire in the air) is told at the
 * rate of the limits; what it is in the end is always told.
 */
export function inputLine({ activeLow, debounceMs, pull }: InputOptions, speak: Speak, way: GpioWay): LineUser {
  const logical = (level: GpioLevel): GpioLevel => (activeLow === (level === 1) ? 0 : 1);
  return {
    async open(at, { onClosed }) {
      let waiting: NodeJS.Timeout | undefined;
      let untold: GpioLevel | undefined;
      const say = (level: GpioLevel): void => {
        untold = speak({ level }) ? undefined : level;
        if (untold !== undefined) tell('dropped', { stage: 'gpio', reason: 'no-room', count: 1 });
        waiting = setTimeout(() => {
          waiting = undefined;
          if (untold !== undefined) say(untold);
        }, 1_000 / gpioLimits.maxReportsPerSecond);
      };
      const watched = await way.watch(
        at,
        { debounceMs, pull },
        {
          onLevel(level) {
            if (waiting === undefined) return say(logical(level));
            if (untold !== undefined) tell('dropped', { stage: 'gpio', reason: 'too-fast', count: 1 });
            untold = logical(level);
          },
          onClosed,
        },
      );
      speak('online');
      if (waiting === undefined) say(logical(watched.level));
      return {
        async [Symbol.asyncDispose]() {
          await watched[Symbol.asyncDispose]();
          clearTimeout(waiting);
          if (untold !== undefined) speak({ level: untold });
        },
      };
    },
    onLost: () => void speak('offline'),
  };
}
