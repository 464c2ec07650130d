import type { AskWish } from '../wire.ts';
import { theGateway } from '../runtime/gateway-line.ts';
import type { NodeApi } from '../runtime/red.ts';
import { workOnEach } from './answering.ts';
import { field, fieldOr, isObject, objectOf } from './config-values.ts';

type Desired = AskWish<'twin.set'>['desired'];

/** `portcullis-twin-set`: says how a device shall be; it is brought there once, when the device is. */
export default function (red: NodeApi): void {
  red.nodes.registerType('portcullis-twin-set', function (config) {
    red.nodes.createNode(this, config);
    workOnEach(this, async (message) => {
      const id = fieldOr(message, config, 'device');
      const metric = field(config, 'metric');
      const { desired: given, payload } = message;
      const desired = isObject(given) ? given : metric === '' ? objectOf(config, 'desired') : { [metric]: payload };
      const twin = await theGateway().ask('twin.set', { id, desired: desired as Desired });
      return { send: { ...message, payload: twin }, shown: 'asked' };
    });
  });
}
