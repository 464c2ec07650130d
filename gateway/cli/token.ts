import { Command } from 'commander';
import type { AuditEntry, Token } from '../../contracts/access.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { call, gatewayCommand, json, listAll, listed, print, type GatewayOptions } from './call-gateway.ts';
import { wholeNumber } from './number.ts';

const route = '/api/v1/tokens';

/** `portcullis token`: programs that may call. Talks to the running gateway. */
export function tokenCommand(): Command {
  const token = new Command('token').description('Show and change the tokens of programs.');

  gatewayCommand(token, 'list', 'Show every token, without its secret.').action(async (options: GatewayOptions) => {
    print(await listAll<Token>(options, route, 'tokens'), options, (all) =>
      listed(all.map(({ name, role, areas, expiresAt }) => [name, role, areas?.join(', '), dayOf(expiresAt)])),
    );
  });
  gatewayCommand(token, 'add <name>', 'Make a token and print it, once.')
    .option('--role <role>', 'machine, viewer, resident, engineer or administrator', 'machine')
    .option('--area <places...>', 'the places that it is confined to, like Mill/Ground/East')
    .option('--days <days>', 'after which it is over', wholeNumber({ min: 1, max: 3_650 }))
    .action(async (name: string, options: GatewayOptions & { role: string; area?: string[]; days?: number }) => {
      const { role, area, days } = options;
      const wish = { name, role, ...(area && { areas: area }), ...(days !== undefined && { expiresInDays: days }) };
      print(await call<{ secret: string }>(options, 'POST', route, json(wish)), options, ({ secret }) => secret);
    });
  gatewayCommand(token, 'revoke <name>', 'End a token.').action(async (name: string, options: GatewayOptions) => {
    const found = (await listAll<Token>(options, route, 'tokens')).find((one) => one.name === name);
    if (found === undefined) throw new PortcullisError('NOT_FOUND', `There is no token "${name}".`);
    print(await call(options, 'DELETE', `${route}/${found.id}`), options, () => `${name} is revoked.`);
  });
  return token;
}

/** `portcullis audit-log`: who changed what, and who was denied. `audit` is about Kafka. */
export function auditLogCommand(): Command {
  const root = new Command();
  const command = gatewayCommand(root, 'audit-log', 'Show who changed what on the gateway, and who was denied.')
    .option('--name <name>', 'of one account or token')
    .option('--denied', 'only what was denied')
    .option('--limit <n>', 'entries, newest first', wholeNumber({ min: 1, max: 1_000 }), 50)
    .action(async (options: GatewayOptions & { name?: string; denied?: boolean; limit: number }) => {
      const query = new URLSearchParams({
        limit: String(options.limit),
        ...(options.name !== undefined && { name: options.name }),
        ...(options.denied && { outcome: 'denied' }),
      });
      const { entries } = await call<{ entries: AuditEntry[] }>(options, 'GET', `/api/v1/audit?${query.toString()}`);
      print(entries, options, (all) => listed(all.map(line)));
    });
  return command;
}

const line = ({ at, name, address, permission, action, target, outcome, code, times }: AuditEntry): string[] => [
  new Date(at).toISOString(),
  name,
  address,
  permission,
  action,
  target,
  code === null ? outcome : `${outcome} ${code}`,
  times > 1 ? `${times} times` : '',
];

const dayOf = (at: number | null): string => (at === null ? 'no end' : new Date(at).toISOString().slice(0, 10));
