import { Command } from 'commander';

/** `portcullis run`: the daemon. */
export function runCommand(): Command {
  return new Command('run')
    .description('Run the gateway until it is told to stop (SIGTERM or Ctrl-C).')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .action(async ({ config }: { config: string }) => {
      // Node's own streams for the MQTT parser, not the copy of them that it brings along.
      process.env['READABLE_STREAM'] ??= 'disable';
      const { main } = await import('../main.ts');
      await main(config);
    });
}
