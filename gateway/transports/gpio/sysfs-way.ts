import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Gpio, Direction } from 'onoff';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { GpioLevel } from '../../../contracts/handles.ts';
import { sysfsChips } from './sysfs-chips.ts';
import type { ChipLine, DrivenLine, GpioWay, WatchedLine } from './way.ts';

/** Whether the kernel has the older interface: files, one folder per line. */
export function hasSysfs(): Promise<boolean> {
  return access('/sys/class/gpio/export', constants.F_OK).then(
    () => true,
    () => false,
  );
}

/**
 * GPIO by files, through `onoff`. A line that is driven stays driven after the gateway ended: an output keeps its safe level
 * after a stop, and its last one after a kill, until the next start sets it right.
 */
export const sysfsWay: GpioWay = {
  is: 'sysfs',
  chips: () => sysfsChips(),
  async watch(line, { debounceMs, pull }, { onLevel }) {
    if (pull !== undefined) {
      const says =
        "The kernel cannot set a pull resistor by sysfs; set it in the board's own configuration, or use the character device.";
      throw new PortcullisError('CONFIG_INVALID', says);
    }
    const gpio = await open(line, 'in', debounceMs);
    let level: GpioLevel = gpio.readSync();
    gpio.watch((_error, read) => {
      // A pulse that was over before it was read, or a bounce.
      if (read === level) return;
      level = read;
      onLevel(level);
    });
    return {
      get level() {
        return level;
      },
      async [Symbol.asyncDispose]() {
        gpio.unexport();
      },
    } satisfies WatchedLine;
  },
  async drive(line, level, safe) {
    const gpio = await open(line, level === 1 ? 'high' : 'low', 0);
    return {
      write: (wished) => gpio.write(wished),
      async [Symbol.asyncDispose]() {
        if (safe === undefined) gpio.unexport();
        else await gpio.write(safe);
      },
    } satisfies DrivenLine;
  },
};

async function open({ chip, offset }: ChipLine, direction: Direction, debounceTimeout: number): Promise<Gpio> {
  const number = (chip.base ?? 0) + offset;
  try {
    // The native module is loaded by the gateways that have a line.
    const { Gpio } = await import('onoff');
    const gpio = new Gpio(number, direction, direction === 'in' ? 'both' : 'none', {
      debounceTimeout,
      activeLow: false,
    });
    // What was exported before is used even when it could not be set up.
    const is = gpio.direction();
    if (is !== (direction === 'in' ? 'in' : 'out') || (direction === 'in' && gpio.edge() !== 'both')) {
      throw new Error('its direction or its edges cannot be set');
    }
    return gpio;
  } catch (error) {
    throw openError(`line ${offset} of ${chip.label}`, error as NodeJS.ErrnoException);
  }
}

function openError(line: string, error: NodeJS.ErrnoException): PortcullisError {
  if (error.code === 'EBUSY') return new PortcullisError('NOT_ALLOWED', `Another program or driver holds ${line}.`);
  const why =
    error.code === 'EACCES' || error.code === 'EPERM'
      ? 'may not be used; add the user of the gateway to the group gpio'
      : `cannot be used: ${error.message}`;
  return new PortcullisError('FILE_UNREADABLE', `${line[0]?.toUpperCase()}${line.slice(1)} ${why}.`);
}
