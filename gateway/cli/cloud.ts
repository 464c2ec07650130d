import { join } from 'node:path';
import { Command } from 'commander';

interface CloudFlags {
  readonly port: string;
  readonly host: string;
  readonly data: string;
  readonly clientId: string;
  readonly json?: boolean;
}

const wholePort = (text: string): number => (/^\d{1,5}$/.test(text) ? Number(text) : Number.NaN);

/** `portcullis cloud`: the local Tuya-style cloud alone, until Ctrl-C or SIGTERM. */
export function cloudCommand(): Command {
  return new Command('cloud')
    .description('Run the local Tuya-style cloud alone: its API, /_mock/received and /_mock/faults.')
    .option('--port <port>', 'HTTPS port; 0 takes a free one', '8443')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <dir>', 'folder for certificate and secret', join('.portcullis', 'cloud'))
    .option('--client-id <id>', 'the account that may sign', 'portcullis-local')
    .option('--json', 'print where it is as one line of JSON')
    .action(async (flags: CloudFlags) => {
      const { PortcullisError } = await import('../../contracts/errors.ts');
      const port = wholePort(flags.port);
      if (!(port <= 65_535)) throw new PortcullisError('USAGE', '--port is a number from 0 to 65535.');
      const { openCloud } = await import('../../simulator/cloud/cloud.ts');
      const { waitForStop } = await import('../../simulator/wait-for-stop.ts');
      using stop = waitForStop();
      await using cloud = await openCloud({ dataDir: flags.data, port, host: flags.host, clientId: flags.clientId });
      const { url, clientId, secretFile, caFile } = cloud;
      const facts = { url, clientId, secretFile, caFile };
      const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(11)}${value}`);
      console.log(flags.json ? JSON.stringify(facts) : lines.join('\n'));
      await stop.asked;
    });
}
