import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';

interface Options {
  readonly config: string;
  readonly json?: boolean;
  readonly profile?: string;
}

/** `portcullis device`: who may connect to the broker. Talks to the running gateway of the configuration. */
export function deviceCommand(): Command {
  const device = new Command('device').description('Add, list, rotate and revoke the credentials of devices.');
  const withGateway = (name: string, description: string): Command =>
    device
      .command(name)
      .description(description)
      .requiredOption('--config <file>', 'configuration file of the running gateway')
      .option('--json', 'print JSON');

  withGateway('add <device>', 'Let a device connect and print its password, once.')
    .requiredOption('--profile <name>', 'zigbee2mqtt, tasmota, shelly, esphome, generic or reader')
    .action(async (user: string, options: Options) => {
      tellCredential(await call(options, 'POST', '/api/v1/credentials', { user, profile: options.profile }), options);
    });
  withGateway('rotate <device>', 'Make a second password; the one before stays valid until the next rotation.').action(
    async (user: string, options: Options) => {
      tellCredential(
        await call(options, 'POST', `/api/v1/credentials/${encodeURIComponent(user)}/rotate`, {}),
        options,
      );
    },
  );
  withGateway('revoke <device>', 'End the credentials of a device and close its connections.').action(
    async (user: string, options: Options) => {
      const answer = await call(options, 'DELETE', `/api/v1/credentials/${encodeURIComponent(user)}`);
      console.log(options.json ? JSON.stringify(answer) : `${user} may not connect any more.`);
    },
  );
  withGateway('list', 'Show the devices that may connect.').action(async (options: Options) => {
    const { credentials } = (await call(options, 'GET', '/api/v1/credentials')) as {
      credentials: { user: string; profile: string }[];
    };
    if (options.json) console.log(JSON.stringify({ credentials }));
    else for (const { user, profile } of credentials) console.log(`${user}\t${profile}`);
  });
  return device;
}

function tellCredential(answer: unknown, { json }: Options): void {
  const { user, password } = answer as { user: string; password: string };
  console.log(json ? JSON.stringify({ user, password }) : `user and client id: ${user}\npassword: ${password}`);
}

async function call({ config: path }: Options, method: string, route: string, body?: object): Promise<unknown> {
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
  const answer = await fetch(`http://${http.host}:${http.port}${route}`, {
    method,
    headers: { authorization: `Bearer ${token.trim()}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new PortcullisError(
      'GATEWAY_UNREACHABLE',
      `The gateway does not answer on ${http.host}:${http.port}. Start it first.`,
      { cause },
    );
  });
  const said = (await answer.json()) as { detail?: string };
  if (!answer.ok) throw new PortcullisError('COMMAND_INVALID', said.detail ?? `The gateway answered ${answer.status}.`);
  return said;
}
