import { Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatewayRecordSchema } from '../../../contracts/kafka.ts';
import type { Fence } from '../../../contracts/fence.ts';
import type { GatewayEpoch } from '../../../contracts/passport.ts';
import { clientOptions } from './kafka-client.ts';
import type { KafkaOptions } from './options.ts';
import { readTopics } from './read-topics.ts';
import type { KafkaRecord } from './records.ts';

/** A gateway that has not looked for so long looks again before it writes. */
const lookEveryMs = 5_000;
/** Who takes another one's place waits for so long before it writes: by then the other one has looked. */
const graceMs = 2 * lookEveryMs;

/** What the watch does with Kafka; tests give one that needs none. */
export interface EpochTopic extends AsyncDisposable {
  /** What comes next in the topic: as long as it stays, nobody has claimed anything. */
  end(): Promise<bigint>;
  /** Every claim of this gateway's name that is kept, oldest first. */
  claims(): Promise<GatewayEpoch[]>;
}

/** Of several with one name: the highest epoch runs, and of one epoch the first that claimed it. */
export function holderOf(claims: readonly GatewayEpoch[]): GatewayEpoch | undefined {
  const highest = Math.max(...claims.map(({ epoch }) => epoch));
  return claims.find(({ epoch }) => epoch === highest);
}

/**
 * Sees to it that this gateway is the one that writes, by a compacted topic of one partition in which each gateway claims its name. Another
 * one may have written for `graceMs` after a claim, so that is waited for. Rejects as Kafka does.
 */
export class EpochWatch implements AsyncDisposable {
  readonly #topic: EpochTopic;
  readonly #fence: Fence;
  readonly #nowMs: () => number;
  #end: bigint | undefined;
  #lookedAt = -Infinity;
  #waitUntil = -Infinity;

  constructor(topic: EpochTopic, fence: Fence, nowMs: () => number) {
    this.#topic = topic;
    this.#fence = fence;
    this.#nowMs = nowMs;
  }

  /** False when another gateway runs, which the fence then knows. `claim` writes this one's own claim. */
  async isOurs(claim: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    if (this.#fence.signal.aborted) return false;
    const now = this.#nowMs();
    if (now - this.#lookedAt < lookEveryMs && now >= this.#waitUntil) return true;
    const end = await this.#topic.end();
    if (end !== this.#end && !(await this.#settle(claim))) return false;
    const left = this.#waitUntil - this.#nowMs();
    if (left > 0) {
      await sleep(left, undefined, { signal });
      // Somebody may have come meanwhile.
      return this.isOurs(claim, signal);
    }
    this.#lookedAt = now;
    return true;
  }

  async #settle(claim: () => Promise<void>): Promise<boolean> {
    const own = this.#fence.identity;
    const before = await this.#topic.claims();
    const holder = holderOf(before);
    const isNew = holder === undefined || holder.epoch < own.epoch;
    // What stands last is what compaction leaves.
    if (isNew || (isSame(holder, own) && !isSame(before.at(-1), own))) await claim();
    if (isNew && holder !== undefined) this.#waitUntil = this.#nowMs() + graceMs;
    const end = await this.#topic.end();
    const now = isNew ? holderOf(await this.#topic.claims()) : holder;
    if (isSame(now, own)) {
      this.#end = end;
      return true;
    }
    this.#fence.raise('kafka', now?.epoch);
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#topic[Symbol.asyncDispose]();
  }
}

const isSame = (one: GatewayEpoch | undefined, other: GatewayEpoch): boolean =>
  one?.epoch === other.epoch && one.instance === other.instance;

export function claimRecord({ gateway, identity }: Fence, topic: string, nowMs: number): KafkaRecord {
  const value = { v: 1, gw: gateway, ...identity, claimed: Math.trunc(nowMs) };
  const headers = new Map([
    [Buffer.from('gateway'), Buffer.from(gateway)],
    [Buffer.from('epoch'), Buffer.from(String(identity.epoch))],
  ]);
  return { topic, key: Buffer.from(gateway), value: Buffer.from(JSON.stringify(value)), headers };
}

/** The topic itself. A record that is none of ours says nothing. */
export function openEpochTopic(options: KafkaOptions, topic: string, gateway: string): EpochTopic {
  let admin: Admin | undefined;
  return {
    async end() {
      admin ??= new Admin(clientOptions(options));
      const partitions = [{ partitionIndex: 0, timestamp: ListOffsetTimestamps.LATEST }];
      const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
      return found?.partitions[0]?.offset ?? 0n;
    },
    async claims() {
      const claims: GatewayEpoch[] = [];
      await readTopics(options, [topic], ({ key, value }) => {
        if (key !== gateway) return;
        const record = gatewayRecordSchema.safeParse(parsed(value));
        if (record.success) claims.push({ epoch: record.data.epoch, instance: record.data.instance });
      });
      return claims;
    },
    [Symbol.asyncDispose]: async () => {
      await admin?.close().catch(() => undefined);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
