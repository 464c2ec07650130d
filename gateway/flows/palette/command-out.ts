import type { CommandStatus } from '../../../contracts/command.ts';
import type { AskWish } from '../wire.ts';
import { theGateway } from '../runtime/gateway-line.ts';
import type { FlowMessage, FlowNode, NodeApi, NodeConfig } from '../runtime/red.ts';
import { workOnEach } from './answering.ts';
import { field, isObject, objectOf, wordOf } from './config-values.ts';

/** Messages that wait for the end of their command; that of a further one is sent, and its end is not told to the flow. */
const mostWaiting = 200;
/** A message that comes over two wires waits twice for the same command. */
const waiting = new Set<{ readonly id: string; readonly hear: (status: CommandStatus) => void }>();
let hears = false;

/**
 * `portcullis-command-out`: a command for a device, at most once per message: the same message, or the same `commandId`, does
 * nothing again. Sends on the message with the result as its payload: done at the first output, not done at the second.
 */
export default function (red: NodeApi): void {
  red.nodes.registerType('portcullis-command-out', function (config) {
    red.nodes.createNode(this, config);
    hearEnds();
    workOnEach(this, async (message) => {
      const status = await command(this, config, message);
      const isGood = status.state === 'acked';
      const told = { ...message, payload: status };
      return { send: isGood ? [told, null] : [null, told], shown: `${status.name}: ${status.state}`, isGood };
    });
  });
}

async function command(node: FlowNode, config: NodeConfig, message: FlowMessage): Promise<CommandStatus> {
  const wish = wishOf(node, config, message);
  const ended = waiting.size < mostWaiting ? Promise.withResolvers<CommandStatus>() : undefined;
  const seat = ended && { id: wish.id, hear: ended.resolve };
  if (seat !== undefined) waiting.add(seat);
  try {
    const taken = await theGateway().ask('command.submit', wish);
    return (await ended?.promise) ?? taken;
  } finally {
    if (seat !== undefined) waiting.delete(seat);
  }
}

/** The message's own words win over those of the node. */
function wishOf(node: FlowNode, config: NodeConfig, message: FlowMessage): AskWish<'command.submit'> {
  const { args, commandId, _msgid } = message;
  const ttlSeconds = Number(field(config, 'ttlSeconds'));
  const priority = field(config, 'priority');
  return {
    id: typeof commandId === 'string' && commandId !== '' ? commandId : `${node.id}:${_msgid}`,
    device: wordOf(message, 'commandDevice', config, 'device'),
    name: wordOf(message, 'command', config),
    args: (isObject(args) ? args : objectOf(config, 'args')) as AskWish<'command.submit'>['args'],
    origin: (node.name ?? '') === '' ? node.id : (node.name ?? '').slice(0, 128),
    ...(ttlSeconds > 0 && { ttlMs: ttlSeconds * 1_000 }),
    ...(priority !== '' && { priority: Number(priority) }),
  };
}

function hearEnds(): void {
  if (hears) return;
  hears = true;
  theGateway().onTold((told) => {
    if (told.is !== 'ended') return;
    for (const { id, hear } of waiting) if (id === told.command.id) hear(told.command);
  });
}
