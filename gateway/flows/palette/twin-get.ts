import { theGateway } from '../runtime/gateway-line.ts';
import type { NodeApi } from '../runtime/red.ts';
import { workOnEach } from './answering.ts';
import { fieldOr } from './config-values.ts';

/** `portcullis-twin-get`: how a device says that it is, how it shall be, and what is still to be done. */
export default function (red: NodeApi): void {
  red.nodes.registerType('portcullis-twin-get', function (config) {
    red.nodes.createNode(this, config);
    workOnEach(this, async (message) => {
      const device = fieldOr(message, config, 'device');
      return { send: { ...message, payload: await theGateway().ask('twin.get', { device }) }, shown: device };
    });
  });
}
