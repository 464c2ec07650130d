import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TakeOverReport } from '../../contracts/registry-bulk.ts';
import { call, gatewayCommand, print, rows, type GatewayOptions } from './call-gateway.ts';

interface Options extends GatewayOptions {
  readonly dryRun?: boolean;
}
interface TakenUsers {
  readonly users: readonly { readonly user: string; readonly is: keyof typeof userWords; readonly password?: string }[];
  readonly notes: readonly string[];
}

const userWords = {
  kept: 'goes on with its password',
  made: 'needs a new password',
  there: 'is here already, and stays as it is',
} as const;

/** `portcullis import`: what was there before the gateway. Talks to the running gateway. */
export function importCommand(): Command {
  const command = new Command('import').description('Take over devices and users of another program, all or none.');
  gatewayCommand(command, 'zigbee2mqtt <file>', 'Devices with their names, from a file of Zigbee2MQTT.')
    .addHelpText(
      'after',
      '\nThe file: configuration.yaml, devices.yaml, database.db, or what is published under bridge/devices.',
    )
    .option('--dry-run', 'only say what it would do')
    .action(async (file: string, options: Options) => {
      const path = `/api/v1/takeover/zigbee2mqtt?dryRun=${options.dryRun === true}`;
      const report = await send<TakeOverReport & { notes: readonly string[] }>(options, path, await textOf(file));
      print(report, options, ({ devices, notes }) =>
        rows([...devices.map(({ id, name, is }) => [id, is, name]), ...told(notes)]),
      );
    });
  gatewayCommand(command, 'mosquitto <passwords>', 'Users with their passwords, from the password file of Mosquitto.')
    .option('--acl <file>', 'its access file: what each user may do')
    .option('--rights <what>', 'what they may do without one: everything, or the name of a profile')
    .option('--dry-run', 'only say what it would do')
    .action(async (file: string, options: Options & { acl?: string; rights?: string }) => {
      const { acl, rights, dryRun = false } = options;
      const query = new URLSearchParams({ dryRun: String(dryRun), ...(rights !== undefined && { rights }) });
      const text = [await textOf(file), acl === undefined ? '' : await textOf(acl)].join('\n');
      const report = await send<TakenUsers>(options, `/api/v1/takeover/mosquitto?${query.toString()}`, text);
      print(report, options, ({ users, notes }) =>
        rows([
          ...users.map(({ user, is, password }) => [
            user,
            password === undefined ? userWords[is] : `new password: ${password}`,
          ]),
          ...told(notes),
        ]),
      );
    });
  return command;
}

const told = (notes: readonly string[]): string[][] => notes.map((note) => ['note:', note]);

const send = <Answer>(options: Options, path: string, content: string): Promise<Answer> =>
  call(options, 'POST', path, { type: 'text/plain', content });

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `The file ${file} cannot be read.`, { cause });
  });
}
