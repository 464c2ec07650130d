import type { AskWish } from '../wire.ts';
import { theGateway } from '../runtime/gateway-line.ts';
import type { FlowMessage, FlowNode, NodeApi, NodeConfig } from '../runtime/red.ts';
import { workOnEach } from './answering.ts';
import { field, wordOf } from './config-values.ts';

type Severity = AskWish<'alarm.raise'>['severity'];

/** `portcullis-alarm-raise`: raises an alarm, or clears it; sends the message on when that is durable. */
export default function (red: NodeApi): void {
  red.nodes.registerType('portcullis-alarm-raise', function (config) {
    red.nodes.createNode(this, config);
    workOnEach(this, async (message) => ({ send: message, shown: await act(this, config, message) }));
  });
}

async function act(node: FlowNode, config: NodeConfig, message: FlowMessage): Promise<string> {
  const code = wordOf(message, 'code', config);
  const by = ((node.name ?? '') === '' ? node.id : (node.name ?? '')).slice(0, 100);
  const subject = wordOf(message, 'subject', config) || wordOf(message, 'device', config, '');
  if (wordOf(message, 'alarm', config, 'action') === 'clear') {
    await theGateway().ask('alarm.clear', { code, subject, by });
    return `cleared ${code}`;
  }
  const { payload } = message;
  const detail = field(config, 'detail') || (typeof payload === 'string' ? payload : JSON.stringify(payload ?? ''));
  const severity = wordOf(message, 'severity', config) as Severity;
  await theGateway().ask('alarm.raise', { code, subject, severity, detail: detail.slice(0, 1_024), by });
  return `raised ${code}`;
}
