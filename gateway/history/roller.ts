import type { FollowerPort } from '../../contracts/log-follower.ts';
import type { SqlValue } from '../../contracts/table-set.ts';
import { packBlock, type BlockPart } from './block.ts';
import { rolledUp, type Marks } from './marks.ts';
import { shardCount, tierLengths } from './options.ts';
import { readSamples } from './samples.ts';
import type { Shelf } from './shelf.ts';
import { addSamples, addSlot, readSlots, writeSlots, type Slots } from './slots.ts';

/** Blocks of one shard that are rolled up together, into one block of the next tier. */
const blocksPerRollUp = 24;
const blocksPerStep = 4;

interface Work {
  readonly tier: 0 | 1;
  readonly shard: number;
  readonly blocks: readonly number[];
  readonly slots: Map<number, { slots: Slots; isCounter: boolean }>;
  next: number;
}

/** Rolls blocks up into the next tier, in steps of a few blocks. The blocks stay until retention takes them. */
export class Roller {
  readonly #port: FollowerPort;
  readonly #marks: Marks;
  readonly #shelf: Shelf;
  #work: Work | undefined;
  /** Where the search for work goes on: tier and shard as one number; at the end it has looked everywhere. */
  #place = 2 * shardCount;

  constructor(port: FollowerPort, marks: Marks, shelf: Shelf) {
    this.#port = port;
    this.#marks = marks;
    this.#shelf = shelf;
  }

  /** New blocks came. */
  due(): void {
    this.#place = 0;
  }

  /** The blocks of a shard are to go: they are rolled up although they are few. */
  dueEarly(tier: 0 | 1, shard: number): void {
    this.#work ??= this.#workOf(tier, shard, 1);
  }

  /** False when there is nothing to do. */
  step(upMs: number): boolean {
    this.#work ??= this.#find();
    const work = this.#work;
    if (work === undefined) return false;
    for (const id of work.blocks.slice(work.next, work.next + blocksPerStep)) this.#add(work, id);
    work.next += blocksPerStep;
    if (work.next < work.blocks.length) return true;
    this.#work = undefined;
    this.#write(work, upMs);
    return true;
  }

  #find(): Work | undefined {
    for (; this.#place < 2 * shardCount; this.#place += 1) {
      const tier = this.#place < shardCount ? 0 : 1;
      const shard = this.#place % shardCount;
      const work = this.#workOf(tier, shard, blocksPerRollUp);
      if (work !== undefined) return work;
    }
    return undefined;
  }

  #workOf(tier: 0 | 1, shard: number, least: number): Work | undefined {
    const after = this.#marks.rolledUp(tier, shard);
    const rows = this.#port.all('history.blocksAfter', [tier, after, shard, blocksPerRollUp]);
    if (rows.length < least) return undefined;
    return { tier, shard, blocks: rows.map(({ id }) => Number(id)), slots: new Map(), next: 0 };
  }

  #add({ tier, slots }: Work, id: number): void {
    const lengthMs = tierLengths[tier === 0 ? 1 : 2];
    for (const { series, body } of this.#shelf.open(id)) {
      const own = slots.get(series) ?? { slots: new Map(), isCounter: false };
      if (tier === 0) {
        const samples = readSamples(body);
        own.isCounter ||= samples.starts.length > 0;
        if (samples.texts.length === 0) addSamples(own.slots, samples, lengthMs);
      } else {
        const { slots: read, isCounter } = readSlots(body);
        own.isCounter ||= isCounter;
        for (const slot of read) addSlot(own.slots, slot, lengthMs);
      }
      if (own.slots.size > 0) slots.set(series, own);
    }
  }

  #write({ tier, shard, blocks, slots }: Work, upMs: number): void {
    const lengthMs = tierLengths[tier === 0 ? 1 : 2];
    let [from, to] = [Infinity, 0];
    const parts = [...slots].map(([series, { slots: own, isCounter }]): BlockPart => {
      const inOrder = [...own.values()].sort((a, b) => a.at - b.at);
      from = Math.min(from, inOrder[0]?.at ?? Infinity);
      to = Math.max(to, (inOrder.at(-1)?.at ?? 0) + lengthMs - 1);
      return { series, write: (out) => writeSlots(out, inOrder, isCounter) };
    });
    const data = packBlock(parts);
    const row: SqlValue[] = [tier + 1, shard, from, to, Math.floor(upMs), data.length, data];
    this.#port.transaction(() => {
      if (parts.length > 0) this.#port.run('history.addBlock', row);
      this.#marks.set(rolledUp(tier, shard), blocks.at(-1) ?? 0);
    });
  }
}
