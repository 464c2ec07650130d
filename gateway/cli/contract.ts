import { Command, Option } from 'commander';
import { formats } from '../admission/report/formats.ts';
import type { CheckOptions } from './contract-check.ts';

/** `portcullis contract`: check, init, replay. Exit 0 admit, 1 deny, 2 contract or configuration error, 3 tool failure. */
export function contractCommand(): Command {
  return new Command('contract')
    .description('Check plugins against their contracts without running them; draft contracts; replay cases.')
    .addCommand(checkCommand())
    .addCommand(initCommand())
    .addCommand(replayCommand());
}

function checkCommand(): Command {
  return new Command('check')
    .description('Check plugin folders. Exit 0 admit, 1 deny, 2 contract or configuration error, 3 tool failure.')
    .argument('[dirs...]', 'plugin folders; with --image the plugins inside the image when none is named')
    .option('--contract <file>', 'contract (default: beside the plugin, or contracts/plugins/<folder>.contract.yaml)')
    .option('--host <file>', 'host facts (default: this machine)')
    .option('--policy <file>', 'policy of the site')
    .option('--image <dir>', 'unpacked root file system whose facts are the host')
    .option('--conformance', 'let TypeScript itself hold the code to the contract as well (slower, for pipelines)')
    .addOption(
      new Option(
        '--live',
        'after an admission load the plugin in a fenced process: its live shape, and the examples of its contract',
      ).conflicts(['host', 'image']),
    )
    .addOption(new Option('--format <format>', 'report').choices(formats).default('text'))
    .option('--json', 'the same as --format json')
    .action(async (dirs: string[], { json, ...options }: CheckOptions & { json?: boolean }, command: Command) => {
      const [{ runCheck }, { imagePlugins }, { imageContext, processContext }] = await Promise.all([
        import('./contract-check.ts'),
        import('../admission/host/image-plugins.ts'),
        import('./contract-process.ts'),
      ]);
      const image = dirs.length === 0 ? options.image : undefined;
      const folders = image === undefined ? dirs : await imagePlugins(image);
      if (folders.length === 0) command.error('error: name a plugin folder', { exitCode: 2 });
      const context = image !== undefined ? imageContext() : processContext();
      process.exitCode = await runCheck(folders, json ? { ...options, format: 'json' } : options, context);
    });
}

function initCommand(): Command {
  return new Command('init')
    .description('Draft a contract from the code of a plugin folder. Never overwrites.')
    .argument('<dir>', 'plugin folder')
    .option('--out <file>', 'file to write (default: contract.yaml in the folder)')
    .action(async (dir: string, options: { out?: string }) => {
      const [{ runInit }, { processContext }] = await Promise.all([
        import('./contract-init.ts'),
        import('./contract-process.ts'),
      ]);
      process.exitCode = await runInit(dir, options, processContext());
    });
}

function replayCommand(): Command {
  return new Command('replay')
    .description('Run every case of a file through the check itself and compare. Exit 0 only when all pass.')
    .argument('<file>', 'case file (YAML)')
    .option('--json', 'print the results as JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const [{ runReplay }, { processContext }] = await Promise.all([
        import('./contract-replay.ts'),
        import('./contract-process.ts'),
      ]);
      process.exitCode = await runReplay(file, options, processContext());
    });
}
