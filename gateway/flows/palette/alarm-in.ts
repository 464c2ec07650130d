import { theGateway } from '../runtime/gateway-line.ts';
import type { NodeApi } from '../runtime/red.ts';
import { field, listOf } from './config-values.ts';
import { listenAs, showStart } from './listening.ts';

/** `portcullis-alarm-in`: alarms of the gateway, of rules and of flows, as they begin and end. */
export default function (red: NodeApi): void {
  red.nodes.registerType('portcullis-alarm-in', function (config) {
    red.nodes.createNode(this, config);
    const codes = listOf(config, 'codes');
    const which = field(config, 'which');
    listenAs(this, 'alarm', ({ alarm }) => {
      const isBegin = alarm.op === 'raised';
      if (!isBegin && alarm.op !== 'cleared' && alarm.op !== 'returned') return;
      if ((which === 'raised' && !isBegin) || (which === 'cleared' && isBegin)) return;
      if (codes.length > 0 && !codes.includes(alarm.code)) return;
      this.send({ topic: alarm.code, payload: { ...alarm, active: isBegin } });
    });
    showStart(this, theGateway().ask('alarm.listen', { node: this.id }));
  });
}
