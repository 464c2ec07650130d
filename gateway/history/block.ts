import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ByteReader, ByteWriter } from './byte-coding.ts';

/** More than any block is made of; what unpacks to more was not written here. */
const maxBlockBytes = 64 * 1024 * 1024;

export interface BlockPart {
  readonly series: number;
  readonly write: (out: ByteWriter) => void;
}

/**
 * Series side by side in one compressed block: the number and the length of each, then its bytes, so that one is
 * read without the others.
 */
export function packBlock(parts: readonly BlockPart[]): Uint8Array {
  const body = new ByteWriter();
  const head = new ByteWriter();
  head.whole(parts.length);
  for (const { series, write } of parts) {
    const before = body.length;
    write(body);
    head.whole(series);
    head.whole(body.length - before);
  }
  head.bytes(body.done());
  const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };
  return zstdCompressSync(head.done(), { params });
}

/** Throws when the bytes are not what `packBlock` made: it carries a checksum. */
export function openBlock(packed: Uint8Array): { readonly series: number; readonly body: ByteReader }[] {
  const from = new ByteReader(zstdDecompressSync(packed, { maxOutputLength: maxBlockBytes }));
  const parts = Array.from({ length: from.whole() }, () => ({ series: from.whole(), length: from.whole() }));
  return parts.map(({ series, length }) => ({ series, body: new ByteReader(from.bytes(length)) }));
}
