import type { GpioLevel } from '../../../contracts/handles.ts';
import type { Pull } from './options.ts';

/** One chip of the kernel. `base` is the number of its first line in sysfs, where there is sysfs. */
export interface GpioChip {
  /** `gpiochip0`: the number may be another one after a restart. */
  readonly name: string;
  /** What its driver calls it, which stays the same. */
  readonly label: string;
  readonly lines: number;
  readonly base?: number | undefined;
  /** Names that the board's description gives to lines, as far as they are known, to the line's number in the chip. */
  readonly names: ReadonlyMap<string, readonly number[]>;
}

/** One line of one chip. */
export interface ChipLine {
  readonly chip: GpioChip;
  readonly offset: number;
}

export interface InputSettings {
  readonly debounceMs: number;
  readonly pull: Pull | undefined;
}

export interface LineEvents {
  /** Each change, after debouncing; two times the same level means that one change was missed. */
  readonly onLevel: (level: GpioLevel) => void;
  /** Once, when the line was lost by itself. */
  readonly onClosed: (why: string) => void;
}

/** A line that is watched; disposing gives it back to the kernel. */
export interface WatchedLine extends AsyncDisposable {
  /** The last level that was seen. */
  readonly level: GpioLevel;
}

/** A line that is driven. */
export interface DrivenLine extends AsyncDisposable {
  /** Resolves when the line has the level. Rejects with DEVICE_UNREACHABLE. */
  write(level: GpioLevel): Promise<void>;
}

/**
 * One of the kernel's two interfaces. Levels are what a meter shows: nothing here knows of active-low. Opening rejects
 * with NOT_ALLOWED when somebody else holds the line, and with FILE_UNREADABLE when it is not there or may not be used.
 */
export interface GpioWay {
  readonly is: 'sysfs' | 'character-device';
  chips(): Promise<readonly GpioChip[]>;
  watch(line: ChipLine, settings: InputSettings, events: LineEvents): Promise<WatchedLine>;
  /**
   * Drives the line to `level` at once. `safe` is what it is set to when it is disposed and when this process dies; without
   * it the line is given back as it is.
   */
  drive(
    line: ChipLine,
    level: GpioLevel,
    safe: GpioLevel | undefined,
    events: Pick<LineEvents, 'onClosed'>,
  ): Promise<DrivenLine>;
}
