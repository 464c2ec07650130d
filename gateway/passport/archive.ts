import { createReadStream } from 'node:fs';
import { PortcullisError } from '../../contracts/errors.ts';
import { readTarHeader, tarBlock, tarHeader, tarPadding } from '../lib/tar-header.ts';

/** One file of an archive: where it is now, and its path in there. */
export interface Packed {
  readonly path: string;
  readonly size: number;
  readonly from: string;
}

/** The files as a tar, piece by piece; their sizes must hold. Throws PASSPORT_REFUSED when one has changed meanwhile. */
export async function* packFiles(files: readonly Packed[]): AsyncGenerator<Uint8Array> {
  for (const { path, size, from } of files) {
    const head = tarHeader(path, size);
    if (head === undefined) throw refused(`cannot hold ${path}: its path is too long`);
    yield head;
    let written = 0;
    for await (const piece of createReadStream(from) as AsyncIterable<Uint8Array>) {
      written += piece.byteLength;
      yield piece;
    }
    if (written !== size) throw refused(`was not made: ${path} changed meanwhile`);
    yield new Uint8Array(tarPadding(size));
  }
  yield new Uint8Array(2 * tarBlock);
}

/** A file as it comes out of an archive. `content` is to be read to its end before the next one is asked for. */
export interface Unpacked {
  readonly path: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Takes a tar apart, one file after the other, in the memory of a piece. Throws PASSPORT_REFUSED for anything but plain
 * files with safe paths, and where the end is missing or something follows it.
 */
export async function* unpackFiles(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Unpacked> {
  const bytes = new Bytes(pieces);
  for (;;) {
    const head = readTarHeader(await bytes.exactly(tarBlock), refused);
    if (head === undefined) break;
    const { path, size } = head;
    const content = bytes.next(size);
    yield { path, size, content };
    await bytes.exactly(tarPadding(size));
  }
  await bytes.exactly(tarBlock);
  if (!(await bytes.isOver())) throw refused('goes on behind its end');
}

/** Reads so many bytes at a time, however they come. */
class Bytes {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async exactly(size: number): Promise<Uint8Array> {
    const all = new Uint8Array(size);
    let at = 0;
    for await (const piece of this.next(size)) {
      all.set(piece, at);
      at += piece.byteLength;
    }
    return all;
  }

  async *next(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      if (this.#rest.byteLength === 0 && !(await this.#more())) throw refused('ends in the middle');
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.byteLength);
      left -= piece.byteLength;
      yield piece;
    }
  }

  async isOver(): Promise<boolean> {
    return this.#rest.byteLength === 0 && !(await this.#more());
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done) return false;
      this.#rest = value;
      if (value.byteLength > 0) return true;
    }
  }
}

function refused(what: string): PortcullisError {
  return new PortcullisError('PASSPORT_REFUSED', `The passport ${what}.`);
}
