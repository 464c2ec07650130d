import type { ToRuntime } from '../wire.ts';
import { theGateway } from '../runtime/gateway-line.ts';
import type { FlowNode } from '../runtime/red.ts';

type Told<Kind extends ToRuntime['is']> = Extract<ToRuntime, { is: Kind }>;
type Ear = (told: ToRuntime) => void;

const ears = new Map<string, Ear>();
let hears = false;

/** Gives a node what the gateway tells it, until the node is closed. */
export function listenAs<Kind extends 'measurement' | 'alarm'>(
  node: FlowNode,
  kind: Kind,
  take: (told: Told<Kind>) => void,
): void {
  if (!hears) {
    hears = true;
    theGateway().onTold((told) => {
      if (told.is !== 'measurement' && told.is !== 'alarm') return;
      for (const id of told.nodes) ears.get(`${told.is} ${id}`)?.(told);
    });
  }
  const key = `${kind} ${node.id}`;
  ears.set(key, (told) => take(told as Told<Kind>));
  node.on('close', (done) => {
    ears.delete(key);
    const ask = kind === 'alarm' ? 'alarm.unlisten' : 'device.unlisten';
    const end = async (): Promise<void> => {
      await theGateway()
        .ask(ask, { node: node.id })
        .catch(() => undefined);
      done();
    };
    void end();
  });
}

/** Shows that a node is at work, or why not. */
export function showStart(node: FlowNode, work: Promise<unknown>): void {
  work.then(
    () => node.status({ fill: 'green', shape: 'dot', text: 'listening' }),
    (error: Error) => {
      node.status({ fill: 'red', shape: 'ring', text: error.message });
      node.error(error.message);
    },
  );
}
