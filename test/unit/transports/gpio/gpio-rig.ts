import { PortcullisError } from '../../../../contracts/errors.ts';
import type { GpioLevel } from '../../../../contracts/handles.ts';
import type { TableStore, Write } from '../../../../contracts/table-set.ts';
import type { GpioLineOptions } from '../../../../gateway/transports/gpio/options.ts';
import type { GpioChip, GpioWay, LineEvents } from '../../../../gateway/transports/gpio/way.ts';

export const chipOf = (label: string, more: Partial<GpioChip> = {}): GpioChip => ({
  name: 'gpiochip0',
  label,
  lines: 54,
  names: new Map(),
  ...more,
});

/** A chip in memory: what a wire does comes to whoever watches, what is driven is kept. */
export interface Chip {
  readonly way: GpioWay;
  readonly wire: (line: number, level: GpioLevel) => void;
  /** Whoever holds the line loses it. */
  readonly lose: (line: number) => void;
  readonly levels: Map<number, GpioLevel>;
  readonly held: Map<number, LineEvents>;
  readonly driven: string[];
  /** Debounce and pull of each line that was watched. */
  readonly asked: string[];
}

export function chip(label = 'pinctrl-bcm2711'): Chip {
  const levels = new Map<number, GpioLevel>();
  const held = new Map<number, LineEvents>();
  const driven: string[] = [];
  const asked: string[] = [];
  const take = (line: number, events: LineEvents): void => {
    if (held.has(line)) throw new PortcullisError('NOT_ALLOWED', `Another program holds line ${line}.`);
    held.set(line, events);
  };
  const drive = (line: number, level: GpioLevel): void => {
    levels.set(line, level);
    driven.push(`${line}=${level}`);
  };
  const way: GpioWay = {
    is: 'character-device',
    chips: () => Promise.resolve([chipOf(label)]),
    async watch({ offset }, { debounceMs, pull }, events) {
      asked.push(`${offset} ${debounceMs} ${pull ?? 'as it is'}`);
      take(offset, events);
      return {
        get level() {
          return levels.get(offset) ?? 0;
        },
        async [Symbol.asyncDispose]() {
          held.delete(offset);
        },
      };
    },
    async drive({ offset }, level, safe, { onClosed }) {
      take(offset, { onLevel: () => undefined, onClosed });
      drive(offset, level);
      return {
        write: async (wished) => drive(offset, wished),
        async [Symbol.asyncDispose]() {
          if (safe !== undefined) drive(offset, safe);
          held.delete(offset);
        },
      };
    },
  };
  return {
    way,
    levels,
    held,
    driven,
    asked,
    wire(line, level) {
      levels.set(line, level);
      held.get(line)?.onLevel(level);
    },
    lose(line) {
      const events = held.get(line);
      held.delete(line);
      events?.onClosed('pulled out');
    },
  };
}

export const input = (name: string, pin: number, more: object = {}): GpioLineOptions => ({
  name,
  place: { pin },
  as: 'input',
  activeLow: false,
  pull: undefined,
  debounceMs: 20,
  ...more,
});

export const counter = (name: string, line: string, more: object = {}): GpioLineOptions => ({
  name,
  place: { line },
  as: 'counter',
  activeLow: false,
  pull: undefined,
  debounceMs: 5,
  reportMs: 10,
  ...more,
});

export const output = (name: string, pin: number, more: object = {}): GpioLineOptions => ({
  name,
  place: { pin },
  as: 'output',
  activeLow: false,
  safe: 0,
  ...more,
});

/** The counts as the buffer would keep them. */
export function countStore(): TableStore & {
  commit(writes: readonly Write[]): void;
  readonly counts: Map<string, number>;
} {
  const counts = new Map<string, number>();
  return {
    counts,
    commit(writes) {
      for (const { params } of writes) counts.set(String(params[0]), Number(params[1]));
    },
    write: () => Promise.reject(new Error('a count is never written on its own')),
    read: () => Promise.resolve([...counts].map(([line, count]) => ({ line, count, since: 1_000 }))),
  };
}
