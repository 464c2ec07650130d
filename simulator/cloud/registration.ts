import { z } from 'zod';
import { shownDevice } from './devices.ts';
import { forDevice } from './for-device.ts';
import { fail, ok } from './reply.ts';
import type { Handler } from './state.ts';
import { keysOf, takeArrival } from './take-arrival.ts';

const registration = z.object({
  device_name: z.string().min(4).max(50),
  product_id: z.string().min(1).max(64),
  bind_type: z.enum(['HOME', 'ASSET']).optional(),
  gateway_id: z.string().optional(),
});
const rename = z.union([
  z.object({ device_name: z.string().min(4).max(50) }),
  z.object({ name: z.string().min(4).max(50) }).transform(({ name }) => ({ device_name: name })),
]);

function registerAs(kind: 'device' | 'child'): Handler {
  return (call, state) => {
    const third = call.params.third ?? '';
    const wish = registration.safeParse(call.body);
    if (!wish.success || !/^[A-Za-z0-9]{1,64}$/.test(third)) return fail(1109);
    const gatewayId = kind === 'child' ? wish.data.gateway_id : undefined;
    if (kind === 'child' && !state.devices.byId(gatewayId ?? '')) return fail(2010);
    const { device_name: name, product_id: productId } = wish.data;
    const device = state.devices.register({ third, name, productId, gatewayId }, call.now);
    return device ? ok({ device_id: device.id }) : fail(28841004);
  };
}

/** `POST …/{third}/register`: asking again with the same id gives the same device. */
export const registerDevice = registerAs('device');
/** `POST …/{third}/sub/register`: the body names a registered `gateway_id`. */
export const registerChild = registerAs('child');

/** `PUT …/{id}/online` and `…/offline`; ids in the header count as they do for a report. */
export const setOnline = (online: boolean): Handler =>
  forDevice(z.unknown(), ({ device, call, state }) => {
    const apply = (): void => {
      device.online = online;
    };
    const summary = online ? 'online' : 'offline';
    return takeArrival({ device, keys: keysOf(call, undefined), summary, apply }, state, call.now);
  });

export const getDevice: Handler = (call, state) => {
  const device = state.devices.byThird(call.params.third ?? '');
  return device ? ok(shownDevice(device)) : fail(2010);
};

/** `PUT …/{id}`; the pages do not name the field, `device_name` and `name` are taken. */
export const renameDevice = forDevice(rename, ({ device, body }) => {
  device.name = body.device_name;
  return ok();
});

export const removeDevice: Handler = (call, state) => (state.devices.remove(call.params.id ?? '') ? ok() : fail(2010));
