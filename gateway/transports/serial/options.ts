import type { Framing } from './framing.ts';

/**
 * Which adapter a port is. USB numbers are four hexadecimal digits, as `lsusb` prints them; `serial` and `interface`
 * tell adapters of one make apart. A path is for lines that belong to the board itself: it names a place, not a device.
 */
export type AdapterMatch =
  | {
      readonly vendor: string;
      readonly product: string;
      readonly serial?: string | undefined;
      readonly interface?: string | undefined;
    }
  | { readonly byId: string }
  | { readonly path: string };

export interface LineSettings {
  readonly baudRate: number;
  readonly dataBits: 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

/** One port of the configuration. With `modbus-rtu` the gateway asks and stations answer; else what comes is framed. */
export interface SerialPortOptions extends LineSettings {
  readonly name: string;
  readonly adapter: AdapterMatch;
  readonly protocol: Framing | { readonly as: 'modbus-rtu' };
}

/** Bytes and milliseconds. */
export const serialLimits = {
  /** One frame of a device; the longest of Modbus RTU is 256 bytes. */
  maxFrameBytes: 16 * 1024,
  /** Frames of one port that wait for their commit. */
  maxWaitingBytes: 256 * 1024,
  /** Commands that wait for a free moment on one port. */
  maxWaitingCommands: 64,
  /** What comes so soon after a port was opened began before: bytes of one message follow each other more closely. */
  underWayMs: 500,
  /** A port that cannot be opened is tried again: the first wait, doubled up to the ceiling. */
  retryFirstMs: 500,
  retryCeilingMs: 60_000,
} as const;
