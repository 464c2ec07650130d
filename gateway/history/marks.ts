import type { FollowerPort } from '../../contracts/log-follower.ts';
import type { Lane } from '../../contracts/sink.ts';
import type { Tier } from './options.ts';

/** Numbers that are durable with the blocks they are about. */
export class Marks {
  readonly #port: FollowerPort;
  #values: ReadonlyMap<string, number> = new Map();

  constructor(port: FollowerPort) {
    this.#port = port;
    this.reload();
  }

  /** After a transaction that was taken back. */
  reload(): void {
    const rows = this.#port.all('history.marks', []);
    this.#values = new Map(rows.map(({ name, value }) => [String(name), Number(value)]));
  }

  set(name: string, value: number): void {
    if (this.#values.get(name) === value) return;
    this.#port.run('history.mark', [name, value]);
    this.#values = new Map(this.#values).set(name, value);
  }

  /** The number that the next new series gets; none is given twice, also not after one was forgotten. */
  get nextSeries(): number {
    return this.#values.get(nextSeries) ?? 1;
  }

  /** The log is in blocks up to before this record. */
  written = (lane: Lane): number => this.#values.get(`written ${lane}`) ?? 1;
  /** Blocks of a tier up to this one are rolled up, shard by shard. */
  rolledUp = (tier: Tier, shard: number): number => this.#values.get(rolledUp(tier, shard)) ?? 0;
  /** Blocks of a tier with times up to this one may have been dropped. */
  dropped = (tier: Tier): number => this.#values.get(dropped(tier)) ?? -1;
}

export const nextSeries = 'next series';
export const written = (lane: Lane): string => `written ${lane}`;
export const rolledUp = (tier: Tier, shard: number): string => `rolled-up ${tier} ${shard}`;
export const dropped = (tier: Tier): string => `dropped ${tier}`;
