import { PortcullisError } from '../../../../contracts/errors.ts';
import type { Ingest } from '../../../../contracts/pipeline.ts';
import type { Envelope } from '../../../../contracts/plugin.ts';
import { rules } from '../error-classes.ts';
import type { TuyaLink } from '../link.ts';

/** Products that the cloud was asked about in this life of the gateway. */
const maxTaught = 1_000;
const askWithinMs = 10_000;

/** The plugin is named: a topic of a device on the broker never gets here, nor one of these there. */
export function envelopeOf(topic: string, payload: string, nowMs: number): Envelope {
  const from = { transport: 'api', client: 'tuya', retain: false, plugin: 'tuya' } as const;
  return { ...from, topic, payload: Buffer.from(payload), receivedAt: Math.trunc(nowMs) };
}

/** Tells the plugin what the numbers of a product mean, before it sees the first of them. */
export class ScaleTeacher {
  readonly #link: TuyaLink;
  readonly #ingest: Ingest;
  readonly #taught = new Set<string>();

  constructor(link: TuyaLink, ingest: Ingest) {
    this.#link = link;
    this.#ingest = ingest;
  }

  /**
   * Asks once per product, by way of one of its devices. Rejects with SINK_UNAVAILABLE while link or account are in the
   * way: values wait then. A product that the cloud says nothing of stays without scale.
   */
  async teach(product: string, device: string, signal: AbortSignal): Promise<void> {
    if (this.#taught.has(product)) return;
    const { caller, clock } = this.#link;
    const until = clock.monoMs() + askWithinMs;
    const call = { method: 'GET', target: `/v1.0/iot-03/devices/${device}/specification` } as const;
    const answer = await caller.call('product', call, { urgent: true, signal, until });
    if (answer.ok) {
      const topic = `tuya/product/${product}/specification`;
      await this.#ingest(envelopeOf(topic, JSON.stringify(answer.result ?? {}), clock.wallMs()));
    } else if (rules[answer.class].pause !== undefined) {
      throw new PortcullisError('SINK_UNAVAILABLE', `The cloud tells nothing of product ${product}: ${answer.reason}.`);
    }
    if (this.#taught.size >= maxTaught) this.#taught.clear();
    this.#taught.add(product);
  }
}
