/**
 * What the broker of handles needs from the transports that own a device. A plugin never gets one of these: it gets a
 * handle that the broker cuts to the plugin's contract. Everything here may be called for several plugins; a transport
 * lends a port or a line to one of them at a time and rejects with NOT_ALLOWED while it is lent.
 */
export interface SerialPorts {
  /** The adapters that are plugged in now. */
  list(): Promise<readonly SerialPortFacts[]>;
  /** Opens the port of that identity. Rejects with NOT_ALLOWED (in use) or FILE_UNREADABLE (gone, no right to it). */
  open(identity: string, settings: SerialSettings, events: LentEvents<Uint8Array>): Promise<LentSerialPort>;
}

/** `identity` stays the same over a reboot and another socket of the hub, as far as the adapter allows. */
export interface SerialPortFacts {
  readonly identity: string;
  /** Device file, such as `/dev/ttyUSB0`. */
  readonly path: string;
  /** USB ids, four hex digits. */
  readonly vid?: string | undefined;
  readonly pid?: string | undefined;
}

export interface SerialSettings {
  readonly baudRate: number;
  readonly dataBits?: 7 | 8 | undefined;
  readonly stopBits?: 1 | 2 | undefined;
  readonly parity?: 'none' | 'even' | 'odd' | undefined;
}

/** What a lent device tells. `onClosed` comes once, when it was not closed by its borrower: unplugged, failed. */
export interface LentEvents<Data> {
  readonly onData: (data: Data) => void;
  readonly onClosed: (why: string) => void;
}

/** Disposing gives it back; it is idempotent. */
export interface LentSerialPort extends AsyncDisposable {
  /** Resolves when the bytes have left the machine. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface GpioLines {
  /** Requests one line of a chip (`gpiochip0`, 17). Rejects with NOT_ALLOWED or FILE_UNREADABLE as above. */
  open(line: GpioLineName, direction: 'in' | 'out', events: LentEvents<GpioLevel>): Promise<LentGpioLine>;
}

export interface GpioLineName {
  readonly chip: string;
  readonly line: number;
}

export type GpioLevel = 0 | 1;

/** Disposing gives it back; it is idempotent. */
export interface LentGpioLine extends AsyncDisposable {
  read(): Promise<GpioLevel>;
  /** Rejects with NOT_ALLOWED for an input. */
  write(level: GpioLevel): Promise<void>;
}
