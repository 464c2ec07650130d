/** How bytes become messages on a line where devices speak by themselves. `gap`: silence ends a message. */
export type Framing =
  | { readonly as: 'delimiter'; readonly delimiter: Uint8Array }
  | { readonly as: 'length'; readonly bytes: number }
  | { readonly as: 'gap'; readonly silenceMs: number };

/** Cuts a stream of bytes into messages. Pure but for what it remembers of the last, incomplete message. */
export interface Framer {
  /** The messages that these bytes complete. `overlong` counts the ones that were longer than the bound, and are lost. */
  push(bytes: Uint8Array): Cut;
  /** How long a silence ends the message that began; undefined when only bytes do. */
  readonly silenceMs: number | undefined;
  /** The silence was there: what came before it is a message, or with a fixed length a torn one. */
  silence(): Cut;
  /** No more bytes come: the message that began is torn. */
  end(): Cut;
}

export interface Cut {
  readonly frames: readonly Uint8Array[];
  /** Messages that were given up: too long, or without their beginning or their end. */
  readonly overlong: number;
  readonly torn: number;
}

/** A message of fixed length that stays incomplete this long was torn; the next byte begins a new one. */
const tornAfterMs = 1_000;
const nothing: Cut = { frames: [], overlong: 0, torn: 0 };

/** `underWay`: the first bytes belong to a message that began before anybody listened. Only a delimiter tells where it ends. */
export function framer(framing: Framing, maxFrameBytes: number, underWay = false): Framer {
  if (framing.as === 'delimiter') return delimited(framing.delimiter, maxFrameBytes, underWay);
  return framing.as === 'length' ? fixed(framing.bytes) : gapped(framing.silenceMs, maxFrameBytes);
}

/** An overlong message is skipped up to its delimiter; an empty one is none. */
function delimited(delimiter: Uint8Array, maxFrameBytes: number, underWay: boolean): Framer {
  let held: Uint8Array = new Uint8Array();
  let skipping = false;
  let lacksBeginning = underWay;
  return {
    silenceMs: undefined,
    silence: () => nothing,
    end: () => ({ ...nothing, torn: !skipping && held.length > 0 ? 1 : 0 }),
    push(bytes) {
      const frames: Uint8Array[] = [];
      let overlong = 0;
      let torn = 0;
      const all = Buffer.concat([held, bytes]);
      let start = 0;
      for (let at = all.indexOf(delimiter); at >= 0; at = all.indexOf(delimiter, start)) {
        if (!skipping && at - start > maxFrameBytes) overlong += 1;
        else if (!skipping && at > start && lacksBeginning) torn += 1;
        else if (!skipping && at > start) frames.push(Uint8Array.from(all.subarray(start, at)));
        skipping = false;
        lacksBeginning = false;
        start = at + delimiter.length;
      }
      const rest = all.subarray(start);
      if (rest.length > maxFrameBytes + delimiter.length) {
        if (!skipping) overlong += 1;
        skipping = true;
      }
      // While skipping, only what may be the beginning of a delimiter is kept.
      held = Uint8Array.from(skipping ? rest.subarray(-Math.max(0, delimiter.length - 1) || rest.length) : rest);
      return { frames, overlong, torn };
    },
  };
}

function fixed(length: number): Framer {
  let held: Uint8Array = new Uint8Array();
  const giveUp = (): Cut => {
    const torn = held.length > 0 ? 1 : 0;
    held = new Uint8Array();
    return { ...nothing, torn };
  };
  return {
    silenceMs: tornAfterMs,
    push(bytes) {
      const all = Buffer.concat([held, bytes]);
      const frames: Uint8Array[] = [];
      let start = 0;
      for (; all.length - start >= length; start += length) {
        frames.push(Uint8Array.from(all.subarray(start, start + length)));
      }
      held = Uint8Array.from(all.subarray(start));
      return { frames, overlong: 0, torn: 0 };
    },
    silence: giveUp,
    end: giveUp,
  };
}

function gapped(silenceMs: number, maxFrameBytes: number): Framer {
  let held: Uint8Array = new Uint8Array();
  let isTooLong = false;
  return {
    silenceMs,
    push(bytes) {
      if (isTooLong) return nothing;
      isTooLong = held.length + bytes.length > maxFrameBytes;
      held = isTooLong ? new Uint8Array() : Uint8Array.from(Buffer.concat([held, bytes]));
      return nothing;
    },
    silence() {
      const cut = { frames: held.length > 0 ? [held] : [], overlong: isTooLong ? 1 : 0, torn: 0 };
      held = new Uint8Array();
      isTooLong = false;
      return cut;
    },
    end: () => ({ ...nothing, overlong: isTooLong ? 1 : 0, torn: held.length > 0 ? 1 : 0 }),
  };
}
