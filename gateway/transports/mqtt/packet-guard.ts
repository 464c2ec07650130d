import { CONNECT, PUBLISH, packetRules } from './packet-rules.ts';
import type { PacketLimits } from './packet-rules.ts';
import { isDirect, readPublish } from './publish-packet.ts';
import type { DirectPublish } from './publish-packet.ts';

/**
 * What became of one chunk, in the order of its packets: first `publishes`, then `ready`, whole, checked packets for
 * the broker's parser; `rest` belongs back in front of the stream.
 */
export interface Taken {
  readonly publishes: readonly DirectPublish[];
  readonly ready: Buffer | null;
  readonly rest: Buffer | null;
  readonly fault: string | undefined;
}

const none: readonly DirectPublish[] = [];
const nothing: Taken = { publishes: none, ready: null, rest: null, fault: undefined };

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
   * Checks a chunk and passes at most `budget` PUBLISH packets; CONNECT passes alone, because nothing may follow it
   * before it was answered. A direct publish behind other packets goes back, so that it does not overtake them.
   */
  take(chunk: Buffer, budget: number): Taken {
    const data = this.#join(chunk);
    if (data === undefined) return nothing;
    const publishes: DirectPublish[] = [];
    let left = budget;
    let readyFrom = 0;
    let at = 0;
    while (at < data.length) {
      const bodyStart = headerEnd(data, at);
      if (bodyStart === INCOMPLETE) return this.#keep(publishes, data, readyFrom, at, 0);
      if (bodyStart === MALFORMED) return refused('remaining-length');
      const length = remainingLength(data, at);
      const head = data[at]!;
      const type = head >> 4;
      const early = this.#headerFault(type, length);
      if (early !== undefined) return refused(early);
      const end = bodyStart + length;
      if (end > data.length) return this.#keep(publishes, data, readyFrom, at, end - at);
      const fault = packetRules[type]!(data, bodyStart, end, head & 0x0f, this.#limits);
      if (fault !== undefined) return refused(fault);
      if (type === PUBLISH) {
        const direct = isDirect(head);
        if (left-- === 0 || (direct && at > readyFrom)) return split(publishes, data, readyFrom, at);
        if (direct) {
          publishes.push(readPublish(data, head, bodyStart, end));
          readyFrom = end;
        }
      }
      at = end;
      if (type === CONNECT) {
        this.#connected = true;
        return split(publishes, data, readyFrom, at);
      }
    }
    return split(publishes, data, readyFrom, at);
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
  #keep(publishes: readonly DirectPublish[], data: Buffer, readyFrom: number, at: number, need: number): Taken {
    this.#need = need;
    this.#append(data.subarray(at));
    const ready = at === readyFrom ? null : data.subarray(readyFrom, at);
    return { publishes, ready, rest: null, fault: undefined };
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

function split(publishes: readonly DirectPublish[], data: Buffer, readyFrom: number, at: number): Taken {
  return {
    publishes,
    ready: at === readyFrom ? null : data.subarray(readyFrom, at),
    rest: at === data.length ? null : data.subarray(at),
    fault: undefined,
  };
}

function refused(fault: string): Taken {
  return { publishes: none, ready: null, rest: null, fault };
}
