import { constants, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { PortcullisError } from '../../contracts/errors.ts';

/** Bytes of one part of an upload: it must come within the time of one request, also over slow Wi-Fi. */
export const maxPartBytes = 1024 * 1024;

/**
 * Appends a part of an upload to its file, on disk when it resolves with the size by then; the first one, at 0, begins the file anew.
 * `allow` is asked about each size before it is written, and throws. Throws CONFLICT for a part that does not follow.
 */
export async function appendPart(
  path: string,
  offset: number,
  body: Readable,
  allow: (size: number) => void,
): Promise<number> {
  const { O_RDWR, O_CREAT, O_TRUNC } = constants;
  await using file = await open(path, O_RDWR | O_CREAT | (offset === 0 ? O_TRUNC : 0), 0o600);
  if ((await file.stat()).size !== offset) throw new PortcullisError('CONFLICT', 'A part is missing before this one.');
  let bytes = offset;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    allow(bytes + chunk.length);
    bytes += (await file.write(chunk, 0, undefined, bytes)).bytesWritten;
  }
  await file.sync();
  return bytes;
}
