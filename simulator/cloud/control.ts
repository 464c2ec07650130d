import { z } from 'zod';
import { shownStatus } from './devices.ts';
import type { CloudDevice, PropertyValue } from './devices.ts';
import { forDevice } from './for-device.ts';
import { fail, ok } from './reply.ts';
import type { ProductModel } from './products.ts';
import type { CloudState, Handler } from './state.ts';

const commandList = z
  .array(z.object({ code: z.string().min(1).max(256), value: z.json().optional() }))
  .min(1)
  .max(50);

/** What a command may ask for, as the cloud's app says it. */
export const wish = z.union([
  z.object({ commands: commandList }),
  z.object({ action: z.object({ action_code: z.string().min(1).max(64), input_params: z.json().optional() }) }),
]);

const pollLimitMs = 60_000;

/** `POST /v1.0/iot-03/devices/{id}/commands` */
export const sendCommands = forDevice(z.object({ commands: commandList }), ({ device, body, call, state }) => {
  state.commands.enqueue(device.id, body, call.now);
  return ok();
});

/**
 * Extension of ours: `GET /v1.0/iot-03/3rdcloud/commands/poll?timeout=25000` answers as soon as there is a command, or
 * with an empty list after `timeout` milliseconds (at most 60,000). The vendor's way down is a Pulsar queue.
 */
export const pollCommands: Handler = async (call, state) => {
  const timeout = Number(call.query.get('timeout') ?? '25000');
  if (!Number.isInteger(timeout) || timeout < 0) return fail(1109);
  const due = await state.commands.poll(Math.min(timeout, pollLimitMs), () => state.clock.wallMs(), call.signal);
  return ok({
    commands: due.map(({ command_id, device_id, commands, action, issued_at, expires_at }) => ({
      command_id,
      device_id,
      third_id: state.devices.byId(device_id)?.third ?? null,
      commands,
      action,
      issued_at,
      expires_at,
    })),
  });
};

/** Extension of ours: `GET …/messages/poll?timeout=25000` lends messages of the queue; the vendor pushes them by Pulsar. */
export const pollMessages: Handler = async (call, state) => {
  const timeout = Number(call.query.get('timeout') ?? '25000');
  if (!Number.isInteger(timeout) || timeout < 0) return fail(1109);
  const due = await state.messages.poll(Math.min(timeout, pollLimitMs), () => state.clock.wallMs(), call.signal);
  return ok({ messages: due });
};

/** Extension of ours: `POST …/messages/ack` with `{message_ids}`, as the queue's own acknowledgement by id. */
export const ackMessages: Handler = (call, state) => {
  const answer = z.object({ message_ids: z.array(z.string().max(128)).max(500) }).safeParse(call.body);
  if (!answer.success) return fail(1109);
  state.messages.acknowledge(answer.data.message_ids);
  return ok();
};

/** Extension of ours: `POST …/commands/{id}/ack` with `{success, message?}`; a lent command comes again without it. */
export const ackCommand: Handler = (call, state) => {
  const answer = z.object({ success: z.boolean(), message: z.string().max(1024).optional() }).safeParse(call.body);
  if (!answer.success) return fail(1109);
  const { success, message } = answer.data;
  return state.commands.settle(call.params.id ?? '', success, message) ? ok() : fail(1000);
};

/** `GET /v1.0/iot-03/devices/{id}`: the device in the words of the device management. */
export const getDetail = forDevice(z.unknown(), ({ device }) => {
  const { id, name, productId: product_id, gatewayId: gateway_id = '', online, registeredAt: active_time } = device;
  return ok({ id, name, product_id, gateway_id, sub: gateway_id !== '', online, active_time });
});

export const getStatus = forDevice(z.unknown(), ({ device }) => ok(shownStatus(device)));

/** `GET /v1.0/iot-03/devices/status?device_ids=a,b`, at most 20 devices; the Node connector writes `device_ids[0]=a`. */
export const getStatuses: Handler = (call, state) => {
  const given = [...call.query].filter(([key]) => /^device_ids(?:\[\d*\])?$/.test(key));
  const ids = given.flatMap(([, text]) => text.split(',')).filter((id) => id !== '');
  if (ids.length === 0 || ids.length > 20) return fail(1109);
  const known = ids.map((id) => state.devices.byId(id)).filter((device) => device !== undefined);
  return ok(known.map((device) => ({ id: device.id, status: shownStatus(device) })));
};

const typeOf = (value: PropertyValue): string => {
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number') return 'Integer';
  return typeof value === 'string' ? 'String' : 'Json';
};

/** Without a model of the product, data points and their types are those that were reported. */
function modelOf(device: CloudDevice, { products }: CloudState): Pick<ProductModel, 'functions' | 'status'> {
  const points = shownStatus(device).map(({ code, value }) => ({ code, type: typeOf(value), values: '{}' }));
  return products.get(device.productId) ?? { functions: points, status: points };
}

export const getFunctions = forDevice(z.unknown(), ({ device, state }) =>
  ok({ category: device.productId, functions: modelOf(device, state).functions }),
);

export const getSpecification = forDevice(z.unknown(), ({ device, state }) => {
  const { functions, status } = modelOf(device, state);
  return ok({ category: device.productId, functions, status });
});
