import { read as readWithCallback } from 'node:fs';
import { promisify } from 'node:util';
import type { SerialPort } from 'serialport';

const read = promisify(readWithCallback);
const mayComeLater = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR']);

type LinuxBinding = Extract<NonNullable<SerialPort['port']>, { readonly poller: unknown }>;

/**
 * Reads a port that was just opened, and not yet read, in place of `@serialport/bindings-cpp` 13.0.0 (`unix-read.js`).
 * A line that was hung up reads as 0 bytes for ever (Linux, `hung_up_tty_read`), and the binding begins such a read anew
 * without end: a pulled adapter would cost a core, and nobody would be told.
 * Closing waits for the read under way: its descriptor may be another file's right after the close, and polling a closed
 * port ends the process by SIGSEGV.
 */
export function readUntilHungUp({ port: linux }: SerialPort): void {
  if (linux === undefined || !('poller' in linux)) return;
  const closing = new AbortController();
  let underWay: Promise<unknown> = Promise.resolve();
  const close = linux.close.bind(linux);
  linux.close = async () => {
    closing.abort();
    await Promise.allSettled([underWay]);
    await close();
  };
  linux.read = async (buffer, offset, length) => {
    while (!closing.signal.aborted && linux.fd !== null) {
      const reading = tryRead(linux.fd, buffer, offset, length);
      underWay = reading;
      const bytesRead = await reading;
      if (bytesRead === 0) throw new Error('the line was hung up');
      if (bytesRead !== undefined) return { buffer, bytesRead };
      if (!closing.signal.aborted) await readable(linux);
    }
    throw Object.assign(new Error('Port is not open'), { canceled: true });
  };
}

/** Undefined: nothing is there yet. */
async function tryRead(fd: number, buffer: Buffer, offset: number, length: number): Promise<number | undefined> {
  try {
    return (await read(fd, buffer, offset, length, null)).bytesRead;
  } catch (error) {
    if (mayComeLater.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function readable({ poller }: LinuxBinding): Promise<void> {
  return new Promise((resolve, reject) => {
    poller.once('readable', (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
