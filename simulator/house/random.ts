import { createHash } from 'node:crypto';

/** Numbers in [0, 1), the same ones again for the same name and seed. */
export type Random = () => number;

/** Mulberry32 over a hashed name: each part of the house has its own stream, so that none disturbs another. */
export function randomOf(seed: number, name: string): Random {
  let state = createHash('sha256').update(`${seed}/${name}`).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
