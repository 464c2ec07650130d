import { open } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';

/** Reads at most `limit + 1` bytes of a file, so that its reader can refuse what is too large. */
export async function readBounded(path: string, limit: number): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r');
    const room = new Uint8Array(limit + 1);
    let filled = 0;
    while (filled < room.byteLength) {
      const { bytesRead } = await file.read(room, filled, room.byteLength - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return room.slice(0, filled);
  } catch (error) {
    throw new PortcullisError('FILE_UNREADABLE', `${path} cannot be read.`, { cause: error });
  }
}
