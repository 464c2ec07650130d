/** The gateway's own part of every record id: 12 bits and two halves of 31 bits, drawn once per database. */
export interface Salt {
  readonly a: number;
  readonly high: number;
  readonly low: number;
}

const half = 2 ** 31;

/** Reads a salt from ten random bytes. */
export function saltFrom(random: Uint8Array): Salt {
  const view = new DataView(random.buffer, random.byteOffset, random.byteLength);
  return { a: view.getUint16(0) & 0x7ff, high: view.getUint32(2) & 0x7fffffff, low: view.getUint32(6) & 0x7fffffff };
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * The id of the record at `lsn`: a UUIDv7 (RFC 9562, section 5.7) without dashes, computed and never stored.
 * The 62 random bits are the salt plus the lsn, a counter as in section 6.2, so ids of one gateway never repeat and two
 * gateways meet only if all 73 bits of salt fall together. A roll-up takes the lsn of its last record and the other
 * half of the 12 bit field, so that it cannot be taken for that record.
 */
export function recordId(wallMs: number, lsn: number, salt: Salt, rollup = false): string {
  const sum = salt.low + (lsn % half);
  const low = sum % half;
  const high = (salt.high + Math.floor(lsn / half) + (sum >= half ? 1 : 0)) % half;
  const a = salt.a | (rollup ? 0x800 : 0);
  // The 62 bits, with the two variant bits 10 in front, as two words of 32: 2 + 30 and 1 + 31.
  const first = 0x80000000 + Math.floor(high / 2);
  const second = (high % 2) * half + low;
  const time = Math.min(Math.max(0, Math.floor(wallMs)), 2 ** 48 - 1);
  return `${hex(time, 12)}7${hex(a, 3)}${hex(first, 8)}${hex(second, 8)}`;
}
