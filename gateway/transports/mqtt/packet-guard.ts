import { CONNECT, PUBLISH, packetRules } from './packet-rules.ts';
import type { PacketLimits } from './packet-rules.ts';

/** What became of one chunk. `ready` holds whole, checked packets; `rest` belongs back in front of the stream. */
export interface Taken {
  readonly ready: Buffer | null;
  readonly rest: Buffer | null;
  readonly fault: string | undefined;
}

const nothing: Taken = { ready: null, rest: null, fault: undefined };

/**
 * Stands between one connection and the parser: cuts the byte stream into whole packets, refuses an oversized one at
 * its fixed header, and checks every packet against the rules. Whole packets pass as views of the chunk, without a
 * copy; only the incomplete packet at the end of a chunk is copied, so that it does not pin the chunk. At most one
 * packet of the maximum size is held.
 */
export class PacketGuard {
  readonly #limits: PacketLimits;
  #partial: Buffer = Buffer.alloc(0);
  #have = 0;
  #need = 0;
  #connected = false;

  constructor(limits: PacketLimits) {
    this.#limits = limits;
  }

  /**
   * Checks a chunk and passes at most `publishes` PUBLISH packets; CONNECT passes alone, because nothing may follow
   * it before it was answered.
   */
  take(chunk: Buffer, publishes: number): Taken {
    const data = this.#join(chunk);
    if (data === undefined) return nothing;
    let budget = publishes;
    let at = 0;
    while (at < data.length) {
      const bodyStart = headerEnd(data, at);
      if (bodyStart === INCOMPLETE) return this.#keep(data, at, 0);
      if (bodyStart === MALFORMED) return refused('remaining-length');
      const length = remainingLength(data, at);
      const type = data[at]! >> 4;
      const early = this.#headerFault(type, length);
      if (early !== undefined) return refused(early);
      const end = bodyStart + length;
      if (end > data.length) return this.#keep(data, at, end - at);
      const fault = packetRules[type]!(data, bodyStart, end, data[at]! & 0x0f, this.#limits);
      if (fault !== undefined) return refused(fault);
      if (type === PUBLISH && budget-- === 0) return split(data, at);
      at = end;
      if (type === CONNECT) {
        this.#connected = true;
        return split(data, at);
      }
    }
    return { ready: data, rest: null, fault: undefined };
  }

  /** The held packet with the chunk behind it, or nothing while the packet is still incomplete. */
  #join(chunk: Buffer): Buffer | undefined {
    if (this.#have === 0) return chunk;
    if (this.#have + chunk.length < this.#need) {
      this.#append(chunk);
      return undefined;
    }
    const data = Buffer.concat([this.#partial.subarray(0, this.#have), chunk]);
    this.#partial = Buffer.alloc(0);
    this.#have = 0;
    return data;
  }

  /** Passes what is whole and holds the packet that begins at `at`, `need` bytes long once that is known. */
  #keep(data: Buffer, at: number, need: number): Taken {
    this.#need = need;
    this.#append(data.subarray(at));
    return at === 0 ? nothing : { ready: data.subarray(0, at), rest: null, fault: undefined };
  }

  /** Grows by doubling: a packet that trickles in costs linear time and at most twice its received bytes. */
  #append(bytes: Buffer): void {
    const have = this.#have + bytes.length;
    if (have > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(have * 2, 64));
      this.#partial.copy(grown, 0, 0, this.#have);
      this.#partial = grown;
    }
    bytes.copy(this.#partial, this.#have);
    this.#have = have;
  }

  #headerFault(type: number, length: number): string | undefined {
    if (length > this.#limits.maxPacketBytes) return 'packet-size';
    if (this.#connected) return type === CONNECT ? 'second-connect' : undefined;
    return type === CONNECT ? undefined : 'not-connected';
  }
}

const INCOMPLETE = -1;
const MALFORMED = -2;

/** Where the body of the packet at `at` begins; the remaining length has one to four bytes (section 2.2.3). */
function headerEnd(data: Buffer, at: number): number {
  for (let i = at + 1; i <= at + 4; i++) {
    if (i >= data.length) return INCOMPLETE;
    if (data[i]! < 0x80) return i + 1;
  }
  return MALFORMED;
}

function remainingLength(data: Buffer, at: number): number {
  let value = 0;
  for (let i = at + 1, shift = 0; ; i++, shift += 7) {
    value += (data[i]! & 0x7f) << shift;
    if (data[i]! < 0x80) return value;
  }
}

function split(data: Buffer, at: number): Taken {
  return {
    ready: at === 0 ? null : data.subarray(0, at),
    rest: at === data.length ? null : data.subarray(at),
    fault: undefined,
  };
}

function refused(fault: string): Taken {
  return { ready: null, rest: null, fault };
}
