import { z } from 'zod';
import { applyProperty } from './devices.ts';
import type { CloudDevice } from './devices.ts';
import { forDevice } from './for-device.ts';
import { fail, ok } from './reply.ts';
import type { Handler } from './state.ts';
import { keysOf, takeArrival } from './take-arrival.ts';

/** Ids are at most 32 characters (Tuya, "Report Properties"); without one the report has no idempotency key. */
const msgId = z.string().min(1).max(32);
const code = z.string().min(1).max(256);
const time = z.int().nonnegative();

const properties = z
  .record(code, z.object({ value: z.json(), time: time.optional() }))
  .refine((data) => Object.keys(data).length > 0);
const propertyReport = z.object({ msg_id: msgId.optional(), data: properties });
const eventReport = z.object({
  msg_id: msgId.optional(),
  data: z.object({ event_code: code, event_time: time.optional(), output_params: z.json().optional() }),
});
const actionReport = z.object({
  msg_id: msgId.optional(),
  code: z.union([z.string(), z.number()]).optional(),
  data: z.object({ action_code: code, output_params: z.json().optional() }),
});
const batchReport = z.object({
  reports: z.array(z.object({ device_id: z.string().min(1).max(64), msg_id: msgId, data: properties })).min(1),
});

type Properties = z.infer<typeof properties>;

const maxBatchDevices = 20;
const maxBatchRecords = 499;

const summaryOf = (data: Properties): string =>
  Object.entries(data)
    .map(([name, { value }]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ');

const applyAll = (device: CloudDevice, data: Properties, now: number): void => {
  for (const [name, entry] of Object.entries(data)) {
    applyProperty(device, name, entry.value, entry.time ?? now);
  }
};

/** `POST …/devices/{id}/property/report` */
export const reportProperties = forDevice(propertyReport, ({ device, body, call, state }) => {
  const { msg_id: id, data } = body;
  const apply = (): void => applyAll(device, data, call.now);
  return takeArrival({ device, keys: keysOf(call, id), summary: summaryOf(data), apply }, state, call.now);
});

/** `POST …/devices/{id}/event/report` */
export const reportEvent = forDevice(eventReport, ({ device, body, call, state }) => {
  const { msg_id: id, data } = body;
  const apply = (): void => {
    device.events++;
  };
  const summary = `event:${data.event_code} ${JSON.stringify(data.output_params ?? {})}`;
  return takeArrival({ device, keys: keysOf(call, id), summary, apply }, state, call.now);
});

/** `POST …/devices/{id}/action-resp/report`: `msg_id` is the id of the request, and settles it; a missing `code` is 0. */
export const reportAction = forDevice(actionReport, ({ device, body, call, state }) => {
  const { msg_id: id, code: outcome = 0, data } = body;
  const apply = (): void => {
    if (id !== undefined) state.commands.settle(id, Number(outcome) === 0, JSON.stringify(data.output_params ?? {}));
  };
  return takeArrival({ device, keys: keysOf(call, id), summary: `action:${data.action_code}`, apply }, state, call.now);
});

/**
 * Extension of ours, in the shape of TuyaLink's `batch_report`: `POST …/devices/batch/property/report` with
 * `{reports:[{device_id, msg_id, data}]}`, at most 20 devices and fewer than 500 reports. Reports are independent: known
 * devices are taken, and the answer is 2121 when some devices are unknown, 2122 when all are, without saying which.
 */
export const reportBatch: Handler = (call, state) => {
  const batch = batchReport.safeParse(call.body);
  if (!batch.success) return fail(1109);
  const { reports } = batch.data;
  if (reports.length > maxBatchRecords) return fail(2124);
  if (new Set(reports.map((report) => report.device_id)).size > maxBatchDevices) return fail(2123);
  let failed = 0;
  for (const { device_id: id, msg_id: key, data } of reports) {
    const device = state.devices.byId(id);
    const apply = device && ((): void => applyAll(device, data, call.now));
    if (!device || !apply) failed++;
    else if ('code' in takeArrival({ device, keys: [key], summary: summaryOf(data), apply }, state, call.now)) failed++;
  }
  if (failed === reports.length) return fail(2122);
  return failed > 0 ? fail(2121) : ok();
};
