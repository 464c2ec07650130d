import { Command } from 'commander';

/** `portcullis run`: the daemon. */
export function runCommand(): Command {
  return new Command('run')
    .description('Run the gateway until it is told to stop (SIGTERM or Ctrl-C).')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .action(async ({ config }: { config: string }) => {
      const { main } = await import('../main.ts');
      await main(config);
    });
}
