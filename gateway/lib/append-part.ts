import { constants, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { PortcullisError } from '../../contracts/errors.ts';

/** Bytes of one part of an upload: it must come within the time of one request, also over slow Wi-Fi. */
export const maxPartBytes = 1024 * 1024;

/**
 * Writes a part of an upload to its file, on disk when it resolves with the size by then. What a part before left behind `offset`, because
 * it broke off or is sent again, goes; whether the whole is what was meant is for its reader to check.
 * `allow` is asked about each size before it is written, and throws. Throws CONFLICT where a part is missing before it.
 */
export async function appendPart(
  path: string,
  offset: number,
  body: Readable,
  allow: (size: number) => void,
): Promise<number> {
  await using file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if ((await file.stat()).size < offset) throw new PortcullisError('CONFLICT', 'A part is missing before this one.');
  await file.truncate(offset);
  let bytes = offset;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    allow(bytes + chunk.length);
    bytes += (await file.write(chunk, 0, undefined, bytes)).bytesWritten;
  }
  await file.sync();
  return bytes;
}
