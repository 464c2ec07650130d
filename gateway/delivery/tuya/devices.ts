import type { DeviceDirectory } from '../../../contracts/registry.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import { deviceIn, rowOf, type CloudDevice } from './cloud-device.ts';
import type { Call } from './client.ts';
import type { Answer, Refusal } from './envelope.ts';
import { presenceCall, register, takeOut, type Registered } from './registration.ts';
import { suggestionFor } from './suggestions.ts';
import { deviceName, thirdId } from './third-id.ts';

export interface DeviceBookOptions {
  readonly store: TableStore;
  readonly clock: Clock;
  /** Id of the product under which a device is registered. */
  readonly productOf: (device: string) => string;
  /** Product of the gateway itself; with it every device is a sub-device of the gateway. */
  readonly gatewayProduct?: string | undefined;
  /** Knows names, and is told what the cloud says of each device. */
  readonly directory?: DeviceDirectory | undefined;
  readonly call: (call: Call, signal: AbortSignal) => Promise<Answer>;
}

/** A device that may report, one that may not, or none of both yet, with what stood in the way. */
export type Admission =
  | { readonly is: 'ready'; readonly cloudId: string }
  | { readonly is: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly is: 'removed' }
  | { readonly is: 'wait'; readonly refusal: Refusal };

/** Rows kept in memory; the table has them all. */
const maxCached = 20_000;

/** The gateway's own row; device ids begin with the word of a protocol, so this is nobody else's. */
const ownKey = (gateway: string): string => `gateway:${gateway}`;

/**
 * The devices as the cloud knows them, durable. A device becomes REJECTED only when the cloud refuses the device
 * itself (input, product, user); trouble with account, quota, clock or network leaves it SHADOW, to be tried again.
 * The directory hears of each outcome before it is kept here, so that a crash in between repeats it.
 */
export class DeviceBook {
  readonly #o: DeviceBookOptions;
  readonly #cache = new Map<string, CloudDevice>();
  readonly #pending = new Map<string, Promise<Admission>>();

  constructor(options: DeviceBookOptions) {
    this.#o = options;
  }

  /** Sees to it that a device is registered under its product, and online from then on. Callers at the same time share one registration. */
  admit(gateway: string, device: string, signal: AbortSignal): Promise<Admission> {
    const cached = this.#cache.get(device);
    if (cached !== undefined && cached.state !== 'SHADOW' && this.#isCurrent(gateway, device, cached)) {
      return Promise.resolve(admissionOf(cached));
    }
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

  /** What is known of a device, without asking the cloud. */
  async find(gateway: string, device: string): Promise<CloudDevice> {
    const cached = this.#cache.get(device);
    if (cached !== undefined) return cached;
    const [row] = await this.#o.store.read('tuya.load', [device]);
    if (row === undefined) return { state: 'SHADOW', third: thirdId(gateway, device) };
    const known = deviceIn(row);
    this.#remember(device, known);
    return known;
  }

  /**
   * Our id of a device that the cloud calls `cloudId`; undefined when it is none of ours. The cloud knows a device before
   * its answer has come here, so registrations that are under way are waited for.
   */
  async deviceOf(cloudId: string): Promise<string | undefined> {
    const underWay = [...this.#pending.values()];
    const known = await this.#byCloudId(cloudId);
    if (known !== undefined || underWay.length === 0) return known;
    await Promise.allSettled(underWay);
    return this.#byCloudId(cloudId);
  }

  /** Whether the cloud may know one of ours by an id that we have not heard: the answer to its registration was lost. */
  async isUnsure(): Promise<boolean> {
    return (await this.#o.store.read('tuya.unsure', [])).length > 0;
  }

  async #byCloudId(cloudId: string): Promise<string | undefined> {
    const [row] = await this.#o.store.read('tuya.by_cloud', [cloudId]);
    return row === undefined ? undefined : String(row['device']);
  }

  /** To be registered anew: the cloud no longer knows the device (2010), or the registry gives it another try. */
  async forget(gateway: string, device: string): Promise<void> {
    await this.#save(device, { state: 'SHADOW', third: thirdId(gateway, device) });
  }

  /** The cloud refuses the device itself. */
  async reject(gateway: string, device: string, { class: kind, code, reason }: Refusal): Promise<Admission> {
    const { third } = await this.find(gateway, device);
    await this.#tell(gateway, device, { is: 'rejected', code, reason, suggestion: suggestionFor(code, kind) });
    await this.#save(device, { state: 'REJECTED', third, code, reason });
    return { is: 'rejected', code, reason };
  }

  /** Tells the directory again, which may have come to know the device after the cloud had. */
  async remind(gateway: string, device: string, { cloudId }: CloudDevice & { state: 'ACTIVATED' }): Promise<void> {
    await this.#tell(gateway, device, { is: 'activated', cloudId });
  }

  /** The cloud took a new name. */
  async renamed(device: string, known: CloudDevice & { state: 'ACTIVATED' }, name: string): Promise<void> {
    await this.#save(device, { ...known, name });
  }

  /** The device is gone from here and from the cloud; its late records register nothing. */
  async removed(gateway: string, device: string): Promise<void> {
    const { third } = await this.find(gateway, device);
    await this.#save(device, { state: 'REMOVED', third });
  }

  async #admit(gateway: string, device: string, signal: AbortSignal): Promise<Admission> {
    let known = await this.find(gateway, device);
    if (known.state !== 'SHADOW' && this.#isCurrent(gateway, device, known)) return admissionOf(known);
    if (known.state === 'ACTIVATED') {
      // The cloud knows no change of product: with another profile the device is registered anew.
      const gone = await takeOut(known.cloudId, (call) => this.#o.call(call, signal));
      if (!gone.ok) return { is: 'wait', refusal: gone };
      known = { state: 'SHADOW', third: known.third };
    }
    // Its row is there before the cloud hears of it: what the cloud may know is never unknown here.
    await this.#save(device, known);
    const { name, product } = this.#wishOf(gateway, device);
    const outcome = await this.#register(gateway, device, signal);
    if (outcome.is === 'wait') return outcome;
    if (outcome.is === 'refused') return this.reject(gateway, device, outcome.refusal);
    const { cloudId } = outcome;
    await this.#tell(gateway, device, { is: 'activated', cloudId });
    await this.#save(device, { state: 'ACTIVATED', third: known.third, cloudId, name, product });
    await this.#o.call(presenceCall(cloudId, true, []), signal);
    return { is: 'ready', cloudId };
  }

  /** False for a device that has another product now. Rows of an older version do not name theirs. */
  #isCurrent(gateway: string, device: string, known: CloudDevice): boolean {
    if (known.state !== 'ACTIVATED' || known.product === undefined) return true;
    return known.product === this.#productOf(gateway, device);
  }

  #productOf(gateway: string, device: string): string {
    return device === ownKey(gateway) ? (this.#o.gatewayProduct ?? '') : this.#o.productOf(device);
  }

  async #register(gateway: string, device: string, signal: AbortSignal): Promise<Registered> {
    const outcome = await this.#registerOnce(gateway, device, signal);
    const behind = this.#o.gatewayProduct !== undefined && device !== ownKey(gateway);
    if (!behind || outcome.is !== 'refused' || outcome.refusal.class !== 'gone') return outcome;
    // A 2010 to a sub-device is about its gateway: the cloud has forgotten that one.
    await this.forget(gateway, ownKey(gateway));
    return this.#registerOnce(gateway, device, signal);
  }

  async #registerOnce(gateway: string, device: string, signal: AbortSignal): Promise<Registered> {
    const ask = (call: Call): Promise<Answer> => this.#o.call(call, signal);
    const wish = this.#wishOf(gateway, device);
    if (this.#o.gatewayProduct === undefined || device === ownKey(gateway)) return register(wish, ask);
    const parent = await this.admit(gateway, ownKey(gateway), signal);
    if (parent.is !== 'ready') return { is: 'wait', refusal: refusalOfParent(parent) };
    return register({ ...wish, parent: parent.cloudId }, ask);
  }

  #wishOf(gateway: string, device: string): { third: string; name: string; product: string } {
    const own = device === ownKey(gateway);
    const name = own ? `Gateway ${gateway}` : (this.#o.directory?.find(device)?.name ?? device);
    const product = this.#productOf(gateway, device);
    return { third: thirdId(gateway, device), name: deviceName(name), product };
  }

  async #tell(gateway: string, device: string, outcome: Parameters<DeviceDirectory['activation']>[1]): Promise<void> {
    if (device !== ownKey(gateway)) await this.#o.directory?.activation(device, outcome);
  }

  async #save(device: string, known: CloudDevice): Promise<void> {
    await this.#o.store.write([{ statement: 'tuya.save', params: rowOf(device, known, this.#o.clock.wallMs()) }]);
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
  if (known.state === 'REMOVED') return { is: 'removed' };
  return known.state === 'ACTIVATED'
    ? { is: 'ready', cloudId: known.cloudId }
    : { is: 'rejected', code: known.code, reason: known.reason };
}

/** What stands in the way of a sub-device when its gateway is not there; never the sub-device's fault. */
function refusalOfParent(parent: Exclude<Admission, { is: 'ready' }>): Refusal {
  if (parent.is === 'wait') return parent.refusal;
  const { code, reason } = parent.is === 'rejected' ? parent : { code: 'removed', reason: 'it was removed' };
  return { ok: false, class: 'gateway', code, reason: `the cloud refuses the gateway itself: ${reason}` };
}
