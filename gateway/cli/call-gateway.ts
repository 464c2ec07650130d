import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import { errorTable, PortcullisError, type ErrorCode } from '../../contracts/errors.ts';

export interface GatewayOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** A command that talks to the running gateway of a configuration. */
export function gatewayCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .requiredOption('--config <file>', 'configuration file of the running gateway')
    .option('--json', 'print JSON');
}

/** Prints the answer as it is with `--json`, else as the sentence or table of it. */
export function print<Answer>(answer: Answer, { json }: GatewayOptions, text: (answer: Answer) => string): void {
  console.log(json ? JSON.stringify(answer) : text(answer));
}

/** Columns with tabs between them. Ids come from devices: what would move the cursor is shown as `?`. */
export function rows(lines: readonly (readonly (string | undefined)[])[]): string {
  return lines.map((cells) => cells.map((cell) => cell?.replaceAll(/\p{C}/gu, '?') ?? '-').join('\t')).join('\n');
}

/** The same of a list, in words where it is empty. */
export function listed(lines: Parameters<typeof rows>[0]): string {
  return lines.length === 0 ? 'There is none.' : rows(lines);
}

export interface Body {
  readonly type: 'application/json' | 'text/csv' | 'text/plain';
  readonly content: string;
}
export const json = (body: object): Body => ({ type: 'application/json', content: JSON.stringify(body) });

/**
 * One call as the administrator, answered with the text of the body. Rejects with FILE_UNREADABLE without the token,
 * GATEWAY_UNREACHABLE without a gateway, and with what the gateway says otherwise.
 */
export async function callForText(
  { config: path }: GatewayOptions,
  method: string,
  route: string,
  body?: Body,
): Promise<string> {
  // Loaded here, so that no other command waits for the schema of the configuration.
  const [{ adminTokenFile }, { loadConfig }] = await Promise.all([
    import('../config/identity.ts'),
    import('../config/load-config.ts'),
  ]);
  const { dataDir, http } = await loadConfig(path);
  const token = await readFile(join(dataDir, adminTokenFile), 'utf8').catch((cause: unknown) => {
    throw new PortcullisError(
      'FILE_UNREADABLE',
      `The administrator token in ${dataDir} cannot be read. Has the gateway run, and are you its user?`,
      { cause },
    );
  });
  const address = addressOf(http);
  const answer = await fetch(`http://${address}${route}`, {
    method,
    headers: { authorization: `Bearer ${token.trim()}`, ...(body && { 'content-type': body.type }) },
    ...(body && { body: body.content }),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new PortcullisError('GATEWAY_UNREACHABLE', `The gateway does not answer on ${address}. Start it first.`, {
      cause,
    });
  });
  const said = await answer.text();
  if (answer.ok) return said;
  throw (
    refusalIn(said) ??
    new PortcullisError('GATEWAY_UNREACHABLE', `What answers ${answer.status} on ${address} is no gateway.`)
  );
}

/** Where a gateway that listens there is called: one that listens on every address is here too. */
function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  if (host === '::' || host === '0.0.0.0') return `127.0.0.1:${port}`;
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

export async function call<Answer>(
  options: GatewayOptions,
  method: string,
  route: string,
  body?: Body,
): Promise<Answer> {
  return JSON.parse(await callForText(options, method, route, body)) as Answer;
}

/** Everything of a list that comes page by page. */
export async function listAll<Item>(options: GatewayOptions, route: string, key: string): Promise<Item[]> {
  const all: Item[] = [];
  let cursor = '';
  for (;;) {
    const page = await call<Record<string, unknown>>(options, 'GET', `${route}?limit=1000${cursor}`);
    all.push(...(page[key] as Item[]));
    if (typeof page['next'] !== 'string') return all;
    cursor = `&cursor=${encodeURIComponent(page['next'])}`;
  }
}

/** What the gateway refused and why; undefined for an answer that is none of its own. */
function refusalIn(said: string): PortcullisError | undefined {
  const problem = parsed(said);
  if (problem?.code === undefined || !Object.hasOwn(errorTable, problem.code)) return undefined;
  return new PortcullisError(problem.code, problem.detail || errorTable[problem.code].means);
}

function parsed(said: string): { readonly code?: ErrorCode; readonly detail?: string } | null {
  try {
    return JSON.parse(said) as { code?: ErrorCode; detail?: string } | null;
  } catch {
    return null;
  }
}
