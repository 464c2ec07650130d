import { z } from 'zod';
import type { Call } from './client.ts';
import { oddAnswer, type Answer, type Refusal } from './envelope.ts';
import type { ErrorClass } from './error-classes.ts';

/** The path under which everything about third-party devices lives (Tuya, "Third-party Cloud Service"). */
export const devicesPath = '/v1.0/iot-03/3rdcloud/devices';

export interface RegistrationWish {
  /** Our id of the device at the cloud, see third-id.ts. */
  readonly third: string;
  readonly name: string;
  readonly product: string;
  /** Cloud id of the gateway that the device is behind; without it the device stands alone. */
  readonly parent?: string | undefined;
}

export type Registered =
  | { readonly is: 'registered'; readonly cloudId: string }
  /** The cloud refuses the device itself. */
  | { readonly is: 'refused'; readonly refusal: Refusal }
  /** Account, link or clock stand in the way: says nothing about the device. */
  | { readonly is: 'wait'; readonly refusal: Refusal };

type Ask = (call: Call) => Promise<Answer>;

const cloudId = z.string().regex(/^[\w-]{1,64}$/);
const registered = z.object({ device_id: cloudId });
const found = z.union([registered, z.object({ id: cloudId }).transform(({ id }) => ({ device_id: id }))]);

/** Classes that are about the device that was to be registered. All others are about account, link or clock. */
const aboutDevice: ReadonlySet<ErrorClass> = new Set(['input', 'unsupported', 'device', 'offline', 'gone']);

/**
 * Registers a device, or a sub-device when it has a parent. A duplicate (1113) means that an earlier try arrived and its
 * answer was lost: the device is looked up by our own id then.
 */
export async function register(wish: RegistrationWish, ask: Ask): Promise<Registered> {
  const answer = await ask(registrationCall(wish));
  if (answer.ok) return read(registered, answer.result);
  if (answer.class === 'duplicate') {
    const device = await ask({ method: 'GET', target: `${devicesPath}/${wish.third}` });
    if (device.ok) return read(found, device.result);
    const odd = device.class === 'duplicate' || aboutDevice.has(device.class);
    return { is: 'wait', refusal: odd ? { ...device, class: 'unknown' } : device };
  }
  return { is: aboutDevice.has(answer.class) ? 'refused' : 'wait', refusal: answer };
}

/** Tuya, "Register Device" and "Register Sub-device". */
function registrationCall({ third, name, product, parent }: RegistrationWish): Call {
  const device = { device_name: name, product_id: product, has_qrcode: false };
  return parent === undefined
    ? post(`${third}/register`, { ...device, bind_type: 'ASSET' })
    : post(`${third}/sub/register`, { ...device, gateway_id: parent });
}

const post = (path: string, body: object): Call => ({
  method: 'POST',
  target: `${devicesPath}/${path}`,
  payload: JSON.stringify(body),
});

function read(schema: z.ZodType<{ device_id: string }>, result: unknown): Registered {
  const parsed = schema.safeParse(result);
  if (parsed.success) return { is: 'registered', cloudId: parsed.data.device_id };
  return { is: 'wait', refusal: oddAnswer('the registration has no device_id in its answer') };
}

/** Tuya, "Update Device Information". */
export const renameCall = (id: string, name: string): Call => ({
  method: 'PUT',
  target: `${devicesPath}/${id}`,
  payload: JSON.stringify({ device_name: name }),
});

/**
 * Removes a device (Tuya, "Remove Device"). A 2010 is a success: an earlier try arrived, or somebody removed it at the
 * cloud.
 */
export async function takeOut(id: string, ask: Ask): Promise<Answer> {
  const answer = await ask({ method: 'DELETE', target: `${devicesPath}/${id}/remove` });
  return !answer.ok && answer.class === 'gone' ? { ok: true, result: true } : answer;
}

/** Tuya, "Device Goes Online" and "Go Offline". */
export const presenceCall = (id: string, online: boolean, keys: readonly string[]): Call => ({
  method: 'PUT',
  target: `${devicesPath}/${id}/${online ? 'online' : 'offline'}`,
  payload: '{}',
  keys,
});
