import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Account } from '../../contracts/access.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { call, gatewayCommand, json, listAll, listed, print, type GatewayOptions } from './call-gateway.ts';

const route = '/api/v1/accounts';

interface PasswordOption {
  readonly passwordFile?: string;
}

/** `portcullis account`: people who may log in. Talks to the running gateway; a password is never on the command line. */
export function accountCommand(): Command {
  const account = new Command('account').description('Show and change the people who may log in.');

  gatewayCommand(account, 'list', 'Show every account.').action(async (options: GatewayOptions) => {
    print(await listAll<Account>(options, route, 'accounts'), options, (all) =>
      listed(all.map(({ name, role, areas, disabled }) => [name, role, areas?.join(', '), disabled ? 'disabled' : ''])),
    );
  });
  withPassword(gatewayCommand(account, 'add <name>', 'Add an account.'))
    .requiredOption('--role <role>', 'administrator, engineer, resident or viewer')
    .option('--area <places...>', 'the places that it is confined to, like Mill/Ground/East')
    .action(async (name: string, options: GatewayOptions & PasswordOption & { role: string; area?: string[] }) => {
      const { role, area } = options;
      const wish = { name, role, ...(area && { areas: area }), ...(await passwordIn(options)) };
      tell(await call(options, 'POST', route, json(wish)), options, `${name} may log in.`);
    });
  withPassword(
    gatewayCommand(account, 'password <name>', 'Give an account another password and end its sessions.'),
  ).action(async (name: string, options: GatewayOptions & PasswordOption) => {
    const { id } = await accountNamed(options, name);
    const made = await call<object>(options, 'POST', `${route}/${id}/password`, json(await passwordIn(options)));
    tell(made, options, `${name} has a new password.`);
  });
  for (const [verb, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    gatewayCommand(
      account,
      `${verb} <name>`,
      disabled ? 'End its sessions and let it in no more.' : 'Let it in again.',
    ).action(async (name: string, options: GatewayOptions) => {
      const { id } = await accountNamed(options, name);
      print(await call(options, 'PATCH', `${route}/${id}`, json({ disabled })), options, () => `${name} is ${verb}d.`);
    });
  }
  gatewayCommand(account, 'remove <name>', 'Remove an account and end its sessions.').action(
    async (name: string, options: GatewayOptions) => {
      const { id } = await accountNamed(options, name);
      print(await call(options, 'DELETE', `${route}/${id}`), options, () => `${name} is removed.`);
    },
  );
  return account;
}

function withPassword(command: Command): Command {
  return command.option(
    '--password-file <file>',
    'a file with the password, - for standard input; without it one is made',
  );
}

async function passwordIn({ passwordFile }: PasswordOption): Promise<{ password?: string }> {
  if (passwordFile === undefined) return {};
  const text = await readFile(passwordFile === '-' ? '/dev/stdin' : passwordFile, 'utf8').catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `The password in ${passwordFile} cannot be read.`, { cause });
  });
  return { password: text.replace(/\r?\n$/, '') };
}

function tell(answer: { readonly password?: string }, options: GatewayOptions, said: string): void {
  print(answer, options, ({ password }) => (password === undefined ? said : `${said}\npassword: ${password}`));
}

async function accountNamed(options: GatewayOptions, name: string): Promise<Account> {
  const all = await listAll<Account>(options, route, 'accounts');
  const found = all.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new PortcullisError('NOT_FOUND', `There is no account "${name}".`);
}
