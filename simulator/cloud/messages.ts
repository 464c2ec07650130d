import { createCipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Arrivals } from './arrivals.ts';

/** What `POST /_mock/messages` takes: the business data of a message, to be encrypted as the queue does. */
export const messageWish = z.strictObject({
  protocol: z.int(),
  data: z.json(),
  em: z.enum(['aes_ecb', 'aes_gcm']).default('aes_gcm'),
});

/** One message as a consumer of the queue gets it (Tuya, "Integrate with Message Service"). */
export interface Frame {
  readonly messageId: string;
  readonly payload: string;
  readonly properties: { readonly em: string; readonly tid: string };
  readonly publishTime: string;
  readonly redeliveryCount: number;
}

interface Held {
  frame: Frame;
  leasedUntil: number;
}

const maxHeld = 10_000;
const leaseMs = 30_000;
const perPoll = 100;

/**
 * The message queue behind a long poll: a message is lent for 30 s and comes again until it is acknowledged, with its
 * `redeliveryCount`. The oldest of 10,000 is forgotten.
 */
export class MessageQueue {
  readonly #key: Buffer;
  readonly #held = new Map<string, Held>();
  readonly #arrivals = new Arrivals();

  constructor(secret: string) {
    this.#key = Buffer.from(secret.slice(8, 24).padEnd(16, '0'));
  }

  publish({ protocol, data, em }: z.infer<typeof messageWish>, now: number): string {
    const messageId = randomBytes(12).toString('base64');
    const inner = {
      data: this.#seal(JSON.stringify(data), em),
      protocol,
      pv: em === 'aes_gcm' ? '2.0' : '1.0',
      t: now,
    };
    const payload = Buffer.from(JSON.stringify({ ...inner, sign: 'unchecked' })).toString('base64');
    const properties = { em, tid: randomBytes(8).toString('hex') };
    const frame = { messageId, payload, properties, publishTime: new Date(now).toISOString(), redeliveryCount: -1 };
    this.#held.set(messageId, { frame, leasedUntil: 0 });
    const [oldest] = this.#held.keys();
    if (this.#held.size > maxHeld && oldest !== undefined) this.#held.delete(oldest);
    this.#arrivals.announce();
    return messageId;
  }

  async poll(timeoutMs: number, now: () => number, signal: AbortSignal): Promise<Frame[]> {
    const first = this.#take(now());
    if (first.length > 0) return first;
    await this.#arrivals.wait(timeoutMs, signal);
    return signal.aborted ? [] : this.#take(now());
  }

  acknowledge(ids: readonly string[]): void {
    for (const id of ids) this.#held.delete(id);
  }

  /** Ends all leases: what is not acknowledged comes again with the next poll. */
  redeliver(): void {
    for (const held of this.#held.values()) held.leasedUntil = 0;
    this.#arrivals.announce();
  }

  get size(): number {
    return this.#held.size;
  }

  #take(now: number): Frame[] {
    const due = [...this.#held.values()].filter(({ leasedUntil }) => leasedUntil <= now).slice(0, perPoll);
    for (const held of due) {
      held.leasedUntil = now + leaseMs;
      held.frame = { ...held.frame, redeliveryCount: held.frame.redeliveryCount + 1 };
    }
    return due.map(({ frame }) => frame);
  }

  #seal(text: string, em: 'aes_ecb' | 'aes_gcm'): string {
    if (em === 'aes_ecb') {
      const cipher = createCipheriv('aes-128-ecb', this.#key, null);
      return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64');
    }
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-128-gcm', this.#key, iv);
    return Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }
}
