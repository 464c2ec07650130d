import { PortcullisError } from '../../../contracts/errors.ts';
import type { GpioLevel, GpioLines, LentGpioLine } from '../../../contracts/handles.ts';
import { openLoans } from '../../lib/loans.ts';
import type { ChipLine, GpioWay } from './way.ts';

/**
 * The lines that the gateway does not use itself, for the broker of handles. `isOwn` tells the lines of the configuration.
 * A chip has its name of this boot or its label, which stays the same. A lent output begins at 0, and is given back to the
 * kernel as it is.
 */
export function lendLines(way: () => Promise<GpioWay>, isOwn: (line: ChipLine) => boolean): GpioLines {
  const lent = openLoans();
  return {
    async open({ chip: name, line: offset }, direction, events) {
      const using = await way();
      const chips = await using.chips();
      const chip = chips.find((one) => one.name === name) ?? chips.find((one) => one.label === name);
      if (chip === undefined || offset >= chip.lines) {
        throw new PortcullisError('FILE_UNREADABLE', `There is no GPIO line ${name}/${offset}.`);
      }
      const key = nameOf({ chip, offset });
      if (lent.has(key) || isOwn({ chip, offset })) {
        throw new PortcullisError('NOT_ALLOWED', `The GPIO line ${key} is in use.`);
      }
      return lent.lend(key, events.onClosed, (onClosed) =>
        direction === 'in'
          ? lendInput(using, { chip, offset }, { ...events, onClosed })
          : lendOutput(using, { chip, offset }, { onClosed }),
      );
    },
  };
}

type Events = Parameters<GpioLines['open']>[2];

async function lendInput(way: GpioWay, line: ChipLine, { onData, onClosed }: Events): Promise<LentGpioLine> {
  const watched = await way.watch(line, { debounceMs: 0, pull: undefined }, { onLevel: onData, onClosed });
  return {
    read: () => Promise.resolve(watched.level),
    write: () => Promise.reject(new PortcullisError('NOT_ALLOWED', `The GPIO line ${nameOf(line)} is an input.`)),
    [Symbol.asyncDispose]: () => watched[Symbol.asyncDispose](),
  };
}

async function lendOutput(way: GpioWay, line: ChipLine, { onClosed }: Pick<Events, 'onClosed'>): Promise<LentGpioLine> {
  let level: GpioLevel = 0;
  const driven = await way.drive(line, level, undefined, { onClosed });
  return {
    read: () => Promise.resolve(level),
    async write(wished) {
      await driven.write(wished);
      level = wished;
    },
    [Symbol.asyncDispose]: () => driven[Symbol.asyncDispose](),
  };
}

function nameOf({ chip, offset }: ChipLine): string {
  return `${chip.name}/${offset}`;
}
