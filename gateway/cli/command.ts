import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { CommandStatus } from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { call, gatewayCommand, json, listed, print, type GatewayOptions } from './call-gateway.ts';
import { wholeNumber } from './number.ts';

const route = '/api/v1/commands';
const lookEveryMs = 200;
const weekMs = 7 * 86_400_000;

interface SendOptions extends GatewayOptions {
  readonly id?: string;
  readonly ttl?: number;
  readonly priority?: number;
  readonly wait?: boolean;
}

/** `portcullis command`: what devices shall do, and what became of it. Talks to the running gateway. */
export function commandCommand(): Command {
  const command = new Command('command').description('Send commands to devices and see what became of them.');

  gatewayCommand(command, 'send <device> <name> [args]', 'Send a command; args are a JSON object.')
    .option('--id <id>', 'of your own: the same id is done once')
    .option('--ttl <milliseconds>', 'how long it may wait for the device', wholeNumber({ min: 100, max: weekMs }))
    .option(
      '--priority <0 to 9>',
      'the higher goes first; from 8 on an alarm tells when it was not done',
      wholeNumber({ min: 0, max: 9 }),
    )
    .option('--wait', 'wait for its end; exit 1 unless it was done')
    .action(async (device: string, name: string, args: string | undefined, options: SendOptions) => {
      const { id, ttl, priority, wait } = options;
      const wish = {
        device,
        name,
        args: parseArgs(args),
        ...(id && { id }),
        ...(ttl !== undefined && { ttlMs: ttl }),
        ...(priority !== undefined && { priority }),
      };
      const taken = await call<CommandStatus>(options, 'POST', route, json(wish));
      const status = wait ? await ended(taken, options) : taken;
      print(status, options, sentence);
      if (wait && status.state !== 'acked') process.exitCode = 1;
    });
  gatewayCommand(command, 'status <id>', 'Show what became of a command.').action(
    async (id: string, options: GatewayOptions) => {
      print(await call<CommandStatus>(options, 'GET', `${route}/${encodeURIComponent(id)}`), options, sentence);
    },
  );
  gatewayCommand(command, 'list', 'Show the latest commands.')
    .option('--device <id>', 'of one device')
    .option('--state <state>', 'accepted, queued, sent, acked, failed or expired')
    .action(async (options: GatewayOptions & { readonly device?: string; readonly state?: string }) => {
      const { device, state } = options;
      const query = new URLSearchParams({ ...(device && { device }), ...(state && { state }) });
      const { commands } = await call<{ commands: CommandStatus[] }>(options, 'GET', `${route}?${query.toString()}`);
      print(commands, options, (all) =>
        listed(all.map((one) => [one.id, one.device, one.name, one.state, one.detail])),
      );
    });
  return command;
}

/** Its time is bounded, so this is. */
async function ended(taken: CommandStatus, options: GatewayOptions): Promise<CommandStatus> {
  let status = taken;
  while (!['acked', 'failed', 'expired'].includes(status.state)) {
    await sleep(lookEveryMs);
    status = await call<CommandStatus>(options, 'GET', `${route}/${encodeURIComponent(status.id)}`);
  }
  return status;
}

function sentence({ id, device, name, state, detail }: CommandStatus): string {
  return `${id}: ${name} for ${device} is ${state}.${detail === undefined ? '' : ` ${detail}`}`;
}

function parseArgs(text = '{}'): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PortcullisError('USAGE', `The arguments are no JSON: ${text.slice(0, 64)}`, { cause });
  }
}
