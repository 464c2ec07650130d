import { z } from 'zod';
import {
  commandStates,
  type CommandPort,
  type CommandState,
  type CommandStatus,
  type NewCommand,
} from '../../../../contracts/command.ts';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { tell } from '../../../observability/channels.ts';
import { answerCall, localCommandId, outcomeOf, type CommandAnswer } from '../command-answer.ts';
import type { Answer } from '../envelope.ts';
import type { TuyaLink } from '../link.ts';
import type { Product } from '../data-points.ts';
import { wishesOf, type Wish } from './wishes.ts';

const cloudId = z.string().regex(/^[\w-]{1,64}$/);
const commandSchema = z.object({
  command_id: cloudId,
  device_id: cloudId,
  commands: z
    .array(z.object({ code: z.string().min(1).max(256), value: z.unknown() }))
    .max(50)
    .optional(),
  action: z
    .object({ action_code: z.string().min(1).max(64), input_params: z.record(z.string().max(64), z.json()).optional() })
    .optional(),
  issued_at: z.int().optional(),
  expires_at: z.int().optional(),
});
type CloudCommand = z.infer<typeof commandSchema>;

/** What one poll brings; a longer answer is refused as a whole, and its commands come again. */
export const commandsSchema = z.object({ commands: z.array(z.unknown()).max(500) });

const named = z.object({ command_id: cloudId });

export interface CommandsDownOptions {
  readonly link: TuyaLink;
  readonly commands: CommandPort;
}

const final: ReadonlySet<CommandState> = new Set(commandStates.slice(-3));
const longestMs = 7 * 86_400_000;
const shortestMs = 100;
const ackWithinMs = 10_000;

/**
 * Hands what the cloud wants to the commands of the gateway. The cloud lends a command again until it is answered, and
 * its id makes it happen once. The answer comes from the log when the command has ended (command-answer.ts); only what
 * can never be done, or has ended before, is answered here. Rejects with OVERLOADED or STORE_FAILED when a command
 * could not be kept: nothing is answered then.
 */
export async function takeCommands(
  { commands: all }: z.infer<typeof commandsSchema>,
  cloudMs: number,
  options: CommandsDownOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const text of all) {
    const command = commandSchema.safeParse(text);
    const answer = command.success ? await takeOne(command.data, cloudMs, options) : unreadable(text);
    if (answer === undefined) continue;
    tell('rejected', { stage: 'tuya-commands', reason: answer.success ? 'again' : 'refused', count: 1 });
    await tellCloud(answer, command.data?.device_id ?? '', options.link, signal);
  }
}

/** Without an id there is nobody to tell; the cloud gives it up when its life ends. */
function unreadable(command: unknown): CommandAnswer | undefined {
  const id = named.safeParse(command);
  if (id.success) return refusal(id.data.command_id, 'COMMAND_INVALID: the gateway cannot read this command');
  tell('rejected', { stage: 'tuya-commands', reason: 'unreadable', count: 1 });
  return undefined;
}

function refusal(command: string, message: string, action?: string): CommandAnswer {
  return { command, action: action !== undefined, part: 1, parts: 1, name: action ?? '', success: false, message };
}

async function takeOne(
  command: CloudCommand,
  cloudMs: number,
  options: CommandsDownOptions,
): Promise<CommandAnswer | undefined> {
  const { command_id: id, device_id, issued_at: askedAt, expires_at: endsAt } = command;
  const action = command.action !== undefined;
  const refused = (message: string): CommandAnswer => refusal(id, message, command.action?.action_code);
  const { book } = options.link;
  const device = await book.deviceOf(device_id);
  if (device === undefined) {
    // It may come to be one of ours: the cloud lends the command again, for as long as that lives.
    return (await book.isUnsure()) ? undefined : refused('COMMAND_INVALID: this gateway has no such device');
  }
  const wishes = wishesIn(command, options.link.products.of(device));
  if (wishes === undefined || wishes.length === 0) return refused('COMMAND_INVALID: nothing here can be set like that');
  const leftMs = endsAt === undefined ? undefined : Math.min(endsAt - cloudMs, longestMs);
  if (leftMs !== undefined && leftMs < shortestMs) return refused('expired: it came too late');

  const age = askedAt === undefined ? {} : { ageMs: Math.max(0, cloudMs - askedAt) };
  const life = { ...age, ...(leftMs !== undefined && { ttlMs: leftMs }) };
  const ends: End[] = [];
  for (const [index, { name, args }] of wishes.entries()) {
    const ours = localCommandId({ command: id, action, part: index + 1, parts: wishes.length });
    ends.push(await submit({ id: ours, device, name, args, ...life }, options.commands));
  }
  // Whatever was kept and still runs ends in the log, and is answered from there.
  if (ends.some(({ state }) => !final.has(state))) return undefined;
  const worst = ends.map(outcomeOf).find(({ success }) => !success) ?? { success: true, message: undefined };
  return { ...refused(''), ...worst };
}

function wishesIn({ commands, action }: CloudCommand, product: Product): Wish[] | undefined {
  if (action !== undefined) return [{ name: action.action_code, args: action.input_params ?? {} }];
  return wishesOf(commands ?? [], product);
}

type End = Pick<CommandStatus, 'state' | 'code' | 'detail'>;

/** COMMAND_INVALID is an outcome; every other refusal means that the command was not kept. */
async function submit(
  wish: Omit<NewCommand, 'source' | 'priority' | 'ttlMs'> & { readonly ttlMs?: number },
  commands: CommandPort,
): Promise<End> {
  try {
    return await commands.submit({ priority: 4, ttlMs: 30_000, ...wish, source: 'cloud' });
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'COMMAND_INVALID') {
      return { state: 'failed', code: error.code, detail: error.message };
    }
    throw error;
  }
}

/** What is not heard is asked for again: the cloud lends the command once more. */
function tellCloud(answer: CommandAnswer, deviceId: string, link: TuyaLink, signal: AbortSignal): Promise<Answer> {
  const until = link.clock.monoMs() + ackWithinMs;
  return link.caller.call('command', answerCall(answer, deviceId), { urgent: true, signal, until });
}
