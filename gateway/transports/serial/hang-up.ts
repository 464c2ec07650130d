import { read as readWithCallback } from 'node:fs';
import { promisify } from 'node:util';
import type { SerialPort } from 'serialport';

const read = promisify(readWithCallback);
const mayComeLater = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR']);

type LinuxBinding = Extract<NonNullable<SerialPort['port']>, { readonly poller: unknown }>;

/**
 * Lets a port that was just opened, and not yet read, notice that its line was hung up. Such a line reads as 0 bytes for
 * ever (Linux, `hung_up_tty_read`), and `@serialport/bindings-cpp` 13.0.0 begins a read of 0 bytes anew without end
 * (`unix-read.js`): a pulled adapter would cost a core, and nobody would be told.
 */
export function noticeHangUp({ port: linux }: SerialPort): void {
  if (linux === undefined || !('poller' in linux)) return;
  linux.read = async (buffer, offset, length) => {
    for (;;) {
      if (linux.fd === null) throw Object.assign(new Error('Port is not open'), { canceled: true });
      const bytesRead = await tryRead(linux.fd, buffer, offset, length);
      if (bytesRead === 0) throw new Error('the line was hung up');
      if (bytesRead !== undefined) return { buffer, bytesRead };
      await readable(linux);
    }
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
