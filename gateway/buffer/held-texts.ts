/** Bytes of the newest batches, which history and sinks that are not behind read without taking them out of the file. */
const halfBytes = 1024 * 1024;

/** What is held by its number, with its text as bytes outside the heap: the oldest half goes when the newer one is full. */
export interface HeldTexts<Head> {
  hold(id: number, head: Head, text: string | Uint8Array): void;
  /** The bytes are to be read now: later ones take their place. */
  at(id: number): { readonly head: Head; readonly bytes: Buffer } | undefined;
  forget(id: number): void;
}

interface Held<Head> {
  readonly head: Head;
  readonly half: number;
  readonly from: number;
  readonly to: number;
}

export function heldTexts<Head>(): HeldTexts<Head> {
  const halves = [Buffer.allocUnsafeSlow(halfBytes), Buffer.allocUnsafeSlow(halfBytes)] as const;
  const held = new Map<number, Held<Head>>();
  let half = 0;
  let end = 0;

  const turnOver = (): void => {
    half = 1 - half;
    end = 0;
    for (const [id, one] of held) if (one.half === half) held.delete(id);
  };

  return {
    hold(id, head, text) {
      const length = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
      if (length > halfBytes) return;
      if (length > halfBytes - end) turnOver();
      const memory = halves[half] ?? halves[0];
      if (typeof text === 'string') memory.write(text, end);
      else memory.set(text, end);
      held.set(id, { head, half, from: end, to: end + length });
      end += length;
    },
    at(id) {
      const one = held.get(id);
      return one && { head: one.head, bytes: (halves[one.half] ?? halves[0]).subarray(one.from, one.to) };
    },
    forget: (id) => void held.delete(id),
  };
}
