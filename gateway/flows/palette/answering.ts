import type { FlowMessage, FlowNode } from '../runtime/red.ts';

/** What a node makes of a message. */
interface Made {
  /** For the output, or a list of outputs. */
  readonly send: object | readonly (object | null)[];
  /** Shown below the node. */
  readonly shown: string;
  readonly isGood?: boolean;
}

/** Works on each message that comes in; a rejection is an error of the node, which a catch node gets. */
export function workOnEach(node: FlowNode, work: (message: FlowMessage) => Promise<Made>): void {
  node.on('input', (message, send, done) => {
    const run = async (): Promise<void> => {
      try {
        const made = await work(message);
        node.status({ fill: made.isGood === false ? 'yellow' : 'green', shape: 'dot', text: made.shown });
        send(made.send);
        done();
      } catch (error) {
        node.status({ fill: 'red', shape: 'ring', text: error instanceof Error ? error.message : String(error) });
        done(error);
      }
    };
    void run();
  });
}
