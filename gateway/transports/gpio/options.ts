import type { GpioLevel } from '../../../contracts/handles.ts';

/** Where a line is: a pin of the board's header, or the name that the board's map or the kernel gives it. */
export type LinePlace = { readonly pin: number } | { readonly line: string };

/** A resistor inside the chip; left out, it stays as the board set it up. */
export type Pull = 'up' | 'down' | 'none';

interface Common {
  readonly name: string;
  readonly place: LinePlace;
  /** The level that counts as 1 is the low one. */
  readonly activeLow: boolean;
}

export interface InputOptions extends Common {
  readonly as: 'input';
  readonly pull: Pull | undefined;
  /** A level counts after it stood so long. */
  readonly debounceMs: number;
}

/** Each change to 1 is a pulse. */
export interface CounterOptions extends Common {
  readonly as: 'counter';
  readonly pull: Pull | undefined;
  readonly debounceMs: number;
  /** The count is reported, and kept, at most so often. */
  readonly reportMs: number;
}

export interface OutputOptions extends Common {
  readonly as: 'output';
  /** What it is while nobody wished anything, and when the gateway stops. */
  readonly safe: GpioLevel;
}

/** One line of the configuration. */
export type GpioLineOptions = InputOptions | CounterOptions | OutputOptions;

/** The header of a board that is not known here: pin to the number of the line in the chip with that label. */
export interface OwnBoard {
  readonly chip: string;
  readonly pins: Readonly<Record<string, number>>;
}

export interface GpioOptions {
  readonly interface: 'auto' | 'sysfs' | 'character-device';
  readonly board: OwnBoard | undefined;
  readonly lines: readonly GpioLineOptions[];
}

/** Bytes and milliseconds. */
export const gpioLimits = {
  /** Changes of all lines that wait for their commit. */
  maxWaitingBytes: 128 * 1024,
  /** An input that changes oftener is reported at this rate, its last level always. */
  maxReportsPerSecond: 20,
  /** A line that cannot be opened is tried again: the first wait, doubled up to the ceiling. */
  retryFirstMs: 500,
  retryCeilingMs: 60_000,
} as const;
