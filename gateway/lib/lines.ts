/** Splits a byte stream into lines of at most `maxBytes`; the newline itself never occurs inside JSON text. */
export interface LineReader {
  /** Complete lines that end in this chunk, or `undefined` once a line is too long: the stream is then of no more use. */
  push(chunk: Uint8Array): readonly string[] | undefined;
}

const newline = 0x0a;

export function lineReader(maxBytes: number): LineReader {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let broken = false;
  const take = (part: Uint8Array): boolean => {
    bytes += part.length;
    parts.push(part);
    return bytes <= maxBytes;
  };
  const finish = (): string => {
    const line = Buffer.concat(parts).toString('utf8');
    parts = [];
    bytes = 0;
    return line;
  };
  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(newline); !broken && end >= 0; end = chunk.indexOf(newline, start)) {
        broken = !take(chunk.subarray(start, end));
        if (!broken) lines.push(finish());
        start = end + 1;
      }
      if (!broken && start < chunk.length) broken = !take(chunk.subarray(start));
      if (!broken) return lines;
      parts = [];
      return undefined;
    },
  };
}
