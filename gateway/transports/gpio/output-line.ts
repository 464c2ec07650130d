import { PortcullisError } from '../../../contracts/errors.ts';
import type { GpioLevel } from '../../../contracts/handles.ts';
import type { LineUser } from './keep-line.ts';
import type { OutputOptions } from './options.ts';
import type { Speak } from './speak.ts';
import type { DrivenLine, GpioWay } from './way.ts';

/** A line that the gateway drives. */
export interface OutputLine extends LineUser {
  /** Sets it, and tells its new level. Rejects with DEVICE_UNREACHABLE while it cannot be driven. */
  set(level: GpioLevel): Promise<void>;
}

/** An output: safe when it is opened and when it is closed, whatever it was before; in between what was wished last. */
export function outputLine({ name, activeLow, safe }: OutputOptions, speak: Speak, way: GpioWay): OutputLine {
  const physical = (level: GpioLevel): GpioLevel => (activeLow === (level === 1) ? 0 : 1);
  let driven: DrivenLine | undefined;
  let last: Promise<void> = Promise.resolve();
  const setNow = async (level: GpioLevel): Promise<void> => {
    if (driven === undefined)
      throw new PortcullisError('DEVICE_UNREACHABLE', `The output gpio/${name} cannot be driven.`);
    try {
      await driven.write(physical(level));
    } catch (cause) {
      throw new PortcullisError('DEVICE_UNREACHABLE', `The output gpio/${name} was not set.`, { cause });
    }
    speak({ level });
  };
  return {
    async open(at, events) {
      const line = await way.drive(at, physical(safe), physical(safe), events);
      driven = line;
      speak('online');
      speak({ level: safe });
      return {
        async [Symbol.asyncDispose]() {
          driven = undefined;
          await last.catch(() => undefined);
          await line[Symbol.asyncDispose]();
        },
      };
    },
    onLost: () => void speak('offline'),
    set(level) {
      // One after the other, in the order of the wishes.
      last = last.catch(() => undefined).then(() => setNow(level));
      return last;
    },
  };
}
