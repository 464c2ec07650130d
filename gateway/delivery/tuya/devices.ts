import { z } from 'zod';
import type { SqlRow, TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Call } from './client.ts';
import { oddAnswer, type Answer, type Refusal } from './envelope.ts';
import { deviceName, thirdId } from './third-id.ts';

export type CloudDevice =
  | { readonly state: 'SHADOW'; readonly third: string }
  | { readonly state: 'ACTIVATED'; readonly third: string; readonly cloudId: string }
  | { readonly state: 'REJECTED'; readonly third: string; readonly code: string; readonly reason: string };

export interface DeviceBookOptions {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly productId: string;
  readonly call: (call: Call, signal: AbortSignal) => Promise<Answer>;
}

/** A device that may report, one that may not, or none of both yet, with what stood in the way. */
export type Admission =
  | { readonly is: 'ready'; readonly cloudId: string; readonly fresh: boolean }
  | { readonly is: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly is: 'wait'; readonly refusal: Refusal };

/** The path under which everything about third-party devices lives (Tuya, "Third-party Cloud Service"). */
export const devicesPath = '/v1.0/iot-03/3rdcloud/devices';

/** Rows kept in memory; the table has them all. */
const maxCached = 20_000;

const registered = z.object({ device_id: z.string().regex(/^[\w-]{1,64}$/) });

/**
 * The devices as the cloud knows them, durable. A device becomes REJECTED only when the cloud refuses the device
 * itself (input, product, user); trouble with account, quota, clock or network leaves it SHADOW, to be tried again.
 */
export class DeviceBook {
  readonly #o: DeviceBookOptions;
  readonly #cache = new Map<string, CloudDevice>();
  readonly #pending = new Map<string, Promise<Admission>>();

  constructor(options: DeviceBookOptions) {
    this.#o = options;
  }

  /** Sees to it that a device is registered. Callers at the same time share one registration. */
  admit(gateway: string, device: string, signal: AbortSignal): Promise<Admission> {
    const cached = this.#cache.get(device);
    if (cached !== undefined && cached.state !== 'SHADOW') return Promise.resolve(admissionOf(cached));
    const pending = this.#pending.get(device);
    if (pending) return pending;
    const admission = this.#admit(gateway, device, signal).finally(() => this.#pending.delete(device));
    this.#pending.set(device, admission);
    return admission;
  }

  /** Gives the devices that the cloud has rejected another chance: their next record registers them again. */
  async retryRejected(): Promise<void> {
    const changed = Math.trunc(this.#o.clock.wallMs());
    await this.#o.store.write([{ statement: 'tuya.retry', params: [changed] }]);
    for (const [device, known] of this.#cache) if (known.state === 'REJECTED') this.#cache.delete(device);
  }

  /** The cloud no longer knows the device (2010). */
  async forget(gateway: string, device: string): Promise<void> {
    await this.#save(device, { state: 'SHADOW', third: thirdId(gateway, device) });
  }

  /** The cloud refuses the device itself. */
  async reject(gateway: string, device: string, { code, reason }: Refusal): Promise<Admission> {
    const third = this.#cache.get(device)?.third ?? thirdId(gateway, device);
    await this.#save(device, { state: 'REJECTED', third, code, reason });
    return { is: 'rejected', code, reason };
  }

  async #admit(gateway: string, device: string, signal: AbortSignal): Promise<Admission> {
    const known = await this.#load(gateway, device);
    if (known.state !== 'SHADOW') return admissionOf(known);
    const answer = await this.#o.call(this.#registration(known.third, device), signal);
    if (answer.ok) return this.#activate(device, known.third, answer.result);
    if (answer.class !== 'input' && answer.class !== 'device' && answer.class !== 'unsupported') {
      return { is: 'wait', refusal: answer };
    }
    return this.reject(gateway, device, answer);
  }

  #registration(third: string, device: string): Call {
    return {
      method: 'POST',
      target: `${devicesPath}/${third}/register`,
      payload: JSON.stringify({
        device_name: deviceName(device),
        product_id: this.#o.productId,
        bind_type: 'ASSET',
        has_qrcode: false,
      }),
    };
  }

  async #activate(device: string, third: string, result: unknown): Promise<Admission> {
    const parsed = registered.safeParse(result);
    if (!parsed.success) return { is: 'wait', refusal: oddAnswer('the registration has no device_id in its answer') };
    const cloudId = parsed.data.device_id;
    await this.#save(device, { state: 'ACTIVATED', third, cloudId });
    return { is: 'ready', cloudId, fresh: true };
  }

  async #load(gateway: string, device: string): Promise<CloudDevice> {
    const cached = this.#cache.get(device);
    if (cached !== undefined) return cached;
    const [row] = await this.#o.store.read('tuya.load', [device]);
    const known: CloudDevice = row === undefined ? { state: 'SHADOW', third: thirdId(gateway, device) } : deviceIn(row);
    if (row === undefined) await this.#save(device, known);
    else this.#remember(device, known);
    return known;
  }

  async #save(device: string, known: CloudDevice): Promise<void> {
    const cloudId = known.state === 'ACTIVATED' ? known.cloudId : null;
    const [code, reason] = known.state === 'REJECTED' ? [known.code, known.reason] : [null, null];
    const params = [device, known.third, cloudId, known.state, code, reason, Math.trunc(this.#o.clock.wallMs())];
    await this.#o.store.write([{ statement: 'tuya.save', params }]);
    this.#remember(device, known);
  }

  #remember(device: string, known: CloudDevice): void {
    this.#cache.delete(device);
    this.#cache.set(device, known);
    const oldest = this.#cache.size > maxCached ? this.#cache.keys().next().value : undefined;
    if (oldest !== undefined) this.#cache.delete(oldest);
  }
}

function admissionOf(known: Exclude<CloudDevice, { state: 'SHADOW' }>): Admission {
  return known.state === 'ACTIVATED'
    ? { is: 'ready', cloudId: known.cloudId, fresh: false }
    : { is: 'rejected', code: known.code, reason: known.reason };
}

function deviceIn(row: SqlRow): CloudDevice {
  const third = String(row['third']);
  if (row['state'] === 'ACTIVATED' && row['cloud_id'] !== null) {
    return { state: 'ACTIVATED', third, cloudId: String(row['cloud_id']) };
  }
  if (row['state'] === 'REJECTED') {
    return { state: 'REJECTED', third, code: String(row['code']), reason: String(row['reason']) };
  }
  return { state: 'SHADOW', third };
}
