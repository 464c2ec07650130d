import { Option, type Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';

export interface DataDirOptions {
  readonly data?: string;
  readonly config?: string;
}

/** Adds the two ways to say where the data folder is. */
export function withDataDir(command: Command): Command {
  return command
    .addOption(new Option('--data <dir>', 'data folder of the gateway').conflicts('config'))
    .option('--config <file>', 'configuration file that names the data folder');
}

export async function dataDirOf({ data, config }: DataDirOptions): Promise<string> {
  if (data !== undefined) return data;
  if (config === undefined) throw new PortcullisError('USAGE', 'Say which buffer: --data DIR or --config FILE.');
  const { loadConfig } = await import('../config/load-config.ts');
  return (await loadConfig(config)).dataDir;
}
