/**
 * A process of its own, because the published connector trusts what the process trusts (NODE_EXTRA_CA_CERTS). It does
 * what the arguments say before the local cloud and prints what the connector gave back, as JSON.
 */
import { TuyaContext } from '@tuya/tuya-connector-nodejs';

const [, , baseUrl = '', accessKey = '', secretKey = '', third = ''] = process.argv;
const tuya = new TuyaContext({ baseUrl, accessKey, secretKey });
const devices = '/v1.0/iot-03/3rdcloud/devices';

interface Registered {
  readonly device_id: string;
}

const token = await tuya.client.init();
const registration = await tuya.request<Registered>({
  method: 'POST',
  path: `${devices}/${third}/register`,
  body: { device_name: 'Spare lamp – Küche', product_id: 'p1' },
});
const device_id = registration.result.device_id;
const online = await tuya.request({ method: 'PUT', path: `${devices}/${device_id}/online` });
const reported = await tuya.request({
  method: 'POST',
  path: `${devices}/${device_id}/property/report`,
  body: { msg_id: 'official-1', data: { switch_1: { value: true, time: 1_741_108_936_110 } } },
});
const detail = await tuya.device.detail({ device_id });
const status = await tuya.deviceStatus.status({ device_id });
const statuses = await tuya.deviceStatus.statusList({ device_ids: [device_id] });
const specification = await tuya.deviceFunction.specification({ device_id });
// The connector's own `deviceFunction.command` sends GET to a path that is documented as POST.
const commanded = await tuya.request({
  method: 'POST',
  path: `/v1.0/iot-03/devices/${device_id}/commands`,
  body: { commands: [{ code: 'switch_1', value: false }] },
});
process.send?.('ready for expiry');
await new Promise((resolve) => process.once('message', resolve));
const again = await tuya.device.detail({ device_id });
const refreshed = await tuya.client.refreshToken();
const answers = { token, registration, online, reported, detail, status, statuses, specification, commanded, again };
process.stdout.write(JSON.stringify({ ...answers, refreshed }));
process.disconnect?.();
