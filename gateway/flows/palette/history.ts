import { theGateway } from '../runtime/gateway-line.ts';
import type { NodeApi } from '../runtime/red.ts';
import { workOnEach } from './answering.ts';
import { field, fieldOr } from './config-values.ts';

const minuteMs = 60_000;

/** `portcullis-history`: what was measured in the last minutes, as a list of points, oldest first. */
export default function (red: NodeApi): void {
  red.nodes.registerType('portcullis-history', function (config) {
    red.nodes.createNode(this, config);
    workOnEach(this, async (message) => {
      const to = typeof message['to'] === 'number' ? message['to'] : Date.now();
      const minutes = Number(field(config, 'minutes')) || 60;
      const from = typeof message['from'] === 'number' ? message['from'] : to - minutes * minuteMs;
      const limit = Number(field(config, 'points')) || 500;
      const device = fieldOr(message, config, 'device');
      const metric = fieldOr(message, config, 'metric');
      const answer = await theGateway().ask('history.query', { device, metric, from, to, limit });
      return {
        send: { ...message, device, metric, payload: answer.points, unit: answer.unit },
        shown: `${answer.points.length} points`,
      };
    });
  });
}
