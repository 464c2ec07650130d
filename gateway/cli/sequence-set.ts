/** Sequence numbers of one chunk: one bit each. */
const chunkBits = 65_536;
const full = 'full';

/**
 * A set of sequence numbers that takes one bit for each number of a chunk, and nothing for a chunk that is complete. So
 * a topic without gaps takes some kilobytes, however long it is.
 */
export class SequenceSet {
  readonly #chunks = new Map<number, typeof full | { readonly bits: Uint32Array; count: number }>();
  size = 0;
  last = -1;

  /** False when the number was there already. */
  add(sequence: number): boolean {
    const index = Math.floor(sequence / chunkBits);
    const chunk = this.#chunks.get(index) ?? { bits: new Uint32Array(chunkBits / 32), count: 0 };
    if (chunk === full) return false;
    const bit = sequence % chunkBits;
    const word = chunk.bits[bit >>> 5] ?? 0;
    const mask = 1 << (bit & 31);
    if ((word & mask) !== 0) return false;
    chunk.bits[bit >>> 5] = word | mask;
    chunk.count += 1;
    this.#chunks.set(index, chunk.count === chunkBits ? full : chunk);
    this.size += 1;
    this.last = Math.max(this.last, sequence);
    return true;
  }

  has(sequence: number): boolean {
    const chunk = this.#chunks.get(Math.floor(sequence / chunkBits));
    if (chunk === undefined || chunk === full) return chunk === full;
    const bit = sequence % chunkBits;
    return ((chunk.bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }

  /** Runs of numbers below the last one that are not here, at most `limit` of them. */
  gaps(limit: number): [from: number, to: number][] {
    const found: [number, number][] = [];
    for (let at = 0; at <= this.last && found.length < limit; at++) {
      if (at % chunkBits === 0 && this.#chunks.get(at / chunkBits) === full) at += chunkBits - 1;
      else if (!this.has(at)) {
        const from = at;
        while (!this.has(at + 1)) at += 1;
        found.push([from, at]);
      }
    }
    return found;
  }
}
