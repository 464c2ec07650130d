/**
 * Long texts cross between threads in memory that both see. V8 reads all that a message of more than 100 KB brings straight into
 * the old generation, whose collection is dear, and each text would be copied twice on its way (decision 0213).
 */
export type TextRoom = Buffer<SharedArrayBuffer>;

/** Below so many characters a message is the cheaper way. */
const worthIt = 8 * 1024;

export const openRoom = (memory: SharedArrayBuffer): TextRoom => Buffer.from(memory);

/** Lays texts one after the other and says where each ends; undefined where they are short or do not fit. */
export function layTexts(texts: readonly string[], room: TextRoom): readonly number[] | undefined {
  if (texts.reduce((sum, { length }) => sum + length, 0) < worthIt) return undefined;
  const ends: number[] = [];
  let end = 0;
  for (const text of texts) {
    if (Buffer.byteLength(text) > room.length - end) return undefined;
    end += room.write(text, end);
    ends.push(end);
  }
  return ends;
}

/** The bytes of each text, which the next ones will overwrite. */
export function laidTexts(ends: readonly number[], room: TextRoom): readonly TextRoom[] {
  return ends.map((end, at) => room.subarray(at === 0 ? 0 : ends[at - 1], end));
}
