import { createHash } from 'node:crypto';

export type PropertyValue = boolean | number | string | null | readonly unknown[] | { readonly [key: string]: unknown };

/** One device as the cloud knows it. `status` holds the newest value per code; `time` is milliseconds. */
export interface CloudDevice {
  readonly id: string;
  readonly third: string;
  readonly productId: string;
  readonly gatewayId: string | undefined;
  readonly registeredAt: number;
  readonly status: Map<string, { value: PropertyValue; time: number }>;
  name: string;
  online: boolean;
  events: number;
}

export interface Registration {
  readonly third: string;
  readonly name: string;
  readonly productId: string;
  readonly gatewayId: string | undefined;
}

/** Codes kept per device; a device that invents more loses its oldest. */
const maxCodes = 1000;

/**
 * The cloud's devices. An id follows from client id and third-party id, so that it is the same again after a restart of
 * this cloud, which keeps nothing on disk.
 */
export class DeviceBook {
  readonly #clientId: string;
  readonly #max: number;
  readonly #byId = new Map<string, CloudDevice>();

  constructor(clientId: string, max: number) {
    this.#clientId = clientId;
    this.#max = max;
  }

  /** Registers, or finds what the same third-party id registered before. Undefined when the plan's devices are used up. */
  register(wish: Registration, now: number): CloudDevice | undefined {
    const id = createHash('sha256').update(`${this.#clientId}/${wish.third}`).digest('hex').slice(0, 22);
    const known = this.#byId.get(id);
    if (known) return known;
    if (this.#byId.size >= this.#max) return undefined;
    const device: CloudDevice = { ...wish, id, registeredAt: now, status: new Map(), online: false, events: 0 };
    this.#byId.set(id, device);
    return device;
  }

  byId(id: string): CloudDevice | undefined {
    return this.#byId.get(id);
  }

  byThird(third: string): CloudDevice | undefined {
    for (const device of this.#byId.values()) if (device.third === third) return device;
    return undefined;
  }

  remove(id: string): boolean {
    return this.#byId.delete(id);
  }

  list(): CloudDevice[] {
    return [...this.#byId.values()];
  }

  get size(): number {
    return this.#byId.size;
  }
}

/** Takes a value unless a newer one is there: reports may come late, the latest time wins. */
export function applyProperty(device: CloudDevice, code: string, value: PropertyValue, time: number): void {
  const old = device.status.get(code);
  if (old && old.time > time) return;
  device.status.set(code, { value, time });
  if (device.status.size <= maxCodes) return;
  const [oldest] = device.status.keys();
  if (oldest !== undefined) device.status.delete(oldest);
}

/** A device as `GET /{third}` and `/_mock/devices` show it. */
export function shownDevice(device: CloudDevice): Record<string, unknown> {
  return {
    device_id: device.id,
    third_id: device.third,
    device_name: device.name,
    product_id: device.productId,
    gateway_id: device.gatewayId ?? null,
    online: device.online,
    active_time: device.registeredAt,
    events: device.events,
    status: shownStatus(device),
  };
}

export function shownStatus(device: CloudDevice): { code: string; value: PropertyValue }[] {
  return [...device.status].map(([code, { value }]) => ({ code, value }));
}
