import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandStatus } from '../../../contracts/command.ts';
import commandOut from '../../../gateway/flows/palette/command-out.ts';
import { setGateway, type GatewayLine } from '../../../gateway/flows/runtime/gateway-line.ts';
import type { FlowNode, NodeApi } from '../../../gateway/flows/runtime/red.ts';
import type { ToRuntime } from '../../../gateway/flows/wire.ts';
import { waitUntil } from '../../harness/wait-until.ts';

test('a message that comes over two wires is sent on twice with the end of its one command', async () => {
  const asked: string[] = [];
  const listeners: ((told: ToRuntime) => void)[] = [];
  const accepted: CommandStatus = { id: 'n:1', device: 'lamp', name: 'switch', source: 'flows', state: 'accepted' };
  setGateway({
    ask: async (_name: string, wish: { readonly id: string }) => {
      asked.push(wish.id);
      return accepted;
    },
    onTold: (listener: (told: ToRuntime) => void) => void listeners.push(listener),
  } as unknown as GatewayLine);
  const inputs: ((message: object, send: (sent: unknown) => void, done: () => void) => void)[] = [];
  const node = {
    id: 'n',
    on: (_event: string, input: (typeof inputs)[number]) => inputs.push(input),
    status: () => {},
  };
  commandOut({
    nodes: {
      createNode: () => {},
      registerType: (_type: string, make: (this: FlowNode, config: object) => void) =>
        make.call(node as unknown as FlowNode, { device: 'lamp', command: 'switch', args: '{}' }),
    },
  } as unknown as NodeApi);

  const sent: unknown[] = [];
  for (let wire = 0; wire < 2; wire++)
    inputs[0]?.(
      { _msgid: '1' },
      (one) => sent.push(one),
      () => {},
    );
  await waitUntil('both to be asked', () => asked.length === 2);
  assert.deepEqual([asked, sent], [['n:1', 'n:1'], []]);
  const command: CommandStatus = { ...accepted, state: 'acked' };
  for (const listener of listeners) listener({ is: 'ended', command });
  await waitUntil('both to be sent on', () => sent.length === 2);
  const told = [{ _msgid: '1', payload: command }, null];
  assert.deepEqual(sent, [told, told]);
});
