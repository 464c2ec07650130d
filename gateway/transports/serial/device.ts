import type { SerialPort } from 'serialport';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { LentEvents, LentSerialPort, SerialSettings } from '../../../contracts/handles.ts';
import { readUntilHungUp } from './read-until-hung-up.ts';

/** An open serial line. Disposing closes it; `onClosed` comes only when it ended by itself. */
export interface SerialDevice extends LentSerialPort {
  /** Stops reading, so that the kernel's buffer fills: the only back-pressure that a serial line has. */
  pause(): void;
  resume(): void;
}

/**
 * Opens a device node for this process alone. Rejects with NOT_ALLOWED when another process holds it, and with
 * FILE_UNREADABLE when it is not there or may not be used.
 */
export async function openDevice(
  path: string,
  settings: SerialSettings,
  { onData, onClosed }: LentEvents<Uint8Array>,
): Promise<SerialDevice> {
  // The native module is loaded by the gateways that have a serial line.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({
    path,
    baudRate: settings.baudRate,
    dataBits: settings.dataBits ?? 8,
    stopBits: settings.stopBits ?? 1,
    parity: settings.parity ?? 'none',
    lock: true,
    autoOpen: false,
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error === null ? resolve() : reject(openError(path, error))));
  });
  readUntilHungUp(port);
  let closed = false;
  const ended = (why: string): void => {
    if (closed) return;
    closed = true;
    onClosed(why);
  };
  port.on('error', (error) => ended(error.message));
  port.on('close', (error: Error | null) => ended(error?.message ?? 'closed'));
  port.on('data', (bytes: Buffer) => onData(bytes));
  return {
    pause: () => port.pause(),
    resume: () => port.resume(),
    write: (bytes) => write(port, bytes),
    async [Symbol.asyncDispose]() {
      closed = true;
      if (port.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
    },
  };
}

function write(port: SerialPort, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(new PortcullisError('FILE_UNREADABLE', `${port.path} cannot be written: ${error.message}.`));
    port.write(bytes, (error) => {
      if (error) failed(error);
      else port.drain((error) => (error === null ? resolve() : failed(error)));
    });
  });
}

/** The binding knows the kernel's reason as text only (`node_modules/@serialport/bindings-cpp/src`). */
function openError(path: string, error: Error): PortcullisError {
  const inUse = /cannot lock port|resource busy/i.test(error.message);
  const says = inUse ? `${path} is used by another program.` : `${path} cannot be opened: ${error.message}.`;
  return new PortcullisError(inUse ? 'NOT_ALLOWED' : 'FILE_UNREADABLE', says, { cause: error });
}
