import type { Command } from 'commander';
import { call, gatewayCommand, json, listed, print, type GatewayOptions } from './call-gateway.ts';

interface Issued {
  readonly user: string;
  readonly password: string;
}

const route = '/api/v1/credentials';

/** Who may connect to the broker. */
export function addCredentialCommands(device: Command): void {
  gatewayCommand(device, 'add <device>', 'Let a device connect and print its password, once.')
    .requiredOption(
      '--profile <name>',
      'zigbee2mqtt, tasmota, shelly, esphome, generic, reader, or one of mqtt.profiles',
    )
    .action(async (user: string, options: GatewayOptions & { profile: string }) => {
      tell(await call(options, 'POST', route, json({ user, profile: options.profile })), options);
    });
  gatewayCommand(
    device,
    'rotate <device>',
    'Make a second password; the one before stays valid until the next rotation.',
  ).action(async (user: string, options: GatewayOptions) => {
    tell(await call(options, 'POST', `${route}/${encodeURIComponent(user)}/rotate`, json({})), options);
  });
  gatewayCommand(device, 'revoke <device>', 'End the credentials of a device and close its connections.').action(
    async (user: string, options: GatewayOptions) => {
      const answer = await call(options, 'DELETE', `${route}/${encodeURIComponent(user)}`);
      print(answer, options, () => `${user} may not connect any more.`);
    },
  );
  gatewayCommand(device, 'credentials', 'Show who may connect.').action(async (options: GatewayOptions) => {
    const answer = await call<{ credentials: { user: string; profile: string }[] }>(options, 'GET', route);
    print(answer, options, ({ credentials }) => listed(credentials.map(({ user, profile }) => [user, profile])));
  });
}

function tell(issued: Issued, options: GatewayOptions): void {
  const { user, password } = issued;
  print({ user, password }, options, () => `user and client id: ${user}\npassword: ${password}`);
}
