import { Command } from 'commander';

/** `portcullis plugin`: pack, sign and verify what a vendor ships; compare, switch on and take back on a site. */
export function pluginCommand(): Command {
  return new Command('plugin')
    .description('Pack, sign and verify a plugin; compare a new version, switch it on, go back.')
    .addCommand(keygenCommand())
    .addCommand(packCommand())
    .addCommand(verifyCommand())
    .addCommand(preflightCommand())
    .addCommand(installCommand())
    .addCommand(rollbackCommand())
    .addCommand(releaseCommand())
    .addCommand(listCommand());
}

function keygenCommand(): Command {
  return new Command('keygen')
    .description('Make an Ed25519 key: the private part into a file, the public part as a line for the policy.')
    .argument('<id>', 'name of the key, for example acme-2026')
    .requiredOption('--out <file>', 'file for the private key (never overwritten)')
    .action(async (id: string, { out }: { out: string }) => {
      const { makeKey } = await import('./plugin-actions.ts');
      await makeKey(id, out);
    });
}

function packCommand(): Command {
  return new Command('pack')
    .description('Make one signed bundle of a plugin folder: every file hashed, nothing undeclared.')
    .argument('<dir>', 'plugin folder')
    .requiredOption('--key <file>', 'private key (Ed25519, PEM)')
    .option('--key-id <id>', 'name of the key in the policies of the sites (default: name of the key file)')
    .option('--out <file>', 'bundle to write (default: <name>-<version>.plugin.tgz here; never overwritten)')
    .action(async (dir: string, options: { key: string; keyId?: string; out?: string }) => {
      const { pack } = await import('./plugin-actions.ts');
      await pack(dir, options);
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('Verify files and signatures of a bundle or a plugin folder. Exit 0 sound, 1 not.')
    .argument('<path>', 'bundle or folder')
    .option('--policy <file>', 'HostPolicy with the trusted keys')
    .action(async (path: string, { policy }: { policy?: string }) => {
      const { verify } = await import('./plugin-actions.ts');
      process.exitCode = (await verify(path, policy)) ? 0 : 1;
    });
}

function preflightCommand(): Command {
  return new Command('preflight')
    .description(
      'Let a new version decode what this site received in the last day (or its fixtures) beside the running one. ' +
        'Exit 0 no difference, 1 differences, 2 refused or wrong configuration.',
    )
    .argument('<path>', 'bundle or plugin folder')
    .requiredOption('--config <file>', 'configuration file of the gateway')
    .option('--json', 'print the comparison as JSON')
    .action(async (path: string, options: { config: string; json?: boolean }) => {
      const { runPreflight } = await import('./plugin-preflight.ts');
      process.exitCode = await runPreflight(path, options);
    });
}

function installCommand(): Command {
  return new Command('install')
    .description(
      'Show what a bundle changes, ask, and switch it on; the version before is kept. ' +
        'Exit 0 switched on, 1 left as it was, 2 refused or wrong configuration.',
    )
    .argument('<bundle>', 'bundle made by "plugin pack"')
    .requiredOption('--config <file>', 'configuration file of the gateway')
    .option('--yes', 'do not ask')
    .action(async (path: string, options: { config: string; yes?: boolean }) => {
      const { runInstall } = await import('./plugin-versions.ts');
      process.exitCode = await runInstall(path, options);
    });
}

function rollbackCommand(): Command {
  return new Command('rollback')
    .description('Go back to the version before.')
    .argument('<name>', 'plugin, as "plugin list" calls it')
    .requiredOption('--config <file>', 'configuration file of the gateway')
    .action(async (name: string, options: { config: string }) => {
      const { runRollback } = await import('./plugin-versions.ts');
      await runRollback(name, options);
    });
}

function releaseCommand(): Command {
  return new Command('release')
    .description(
      'Let a quarantined plugin run again, at the next start of the gateway. Exit 0 released, 1 not quarantined.',
    )
    .argument('<name>', 'plugin, as "plugin list" calls it')
    .requiredOption('--config <file>', 'configuration file of the gateway')
    .action(async (name: string, options: { config: string }) => {
      const { runRelease } = await import('./plugin-versions.ts');
      process.exitCode = await runRelease(name, options);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('Show the plugins that the gateway starts with, and the versions that are kept.')
    .requiredOption('--config <file>', 'configuration file of the gateway')
    .option('--json', 'print as JSON')
    .action(async (options: { config: string; json?: boolean }) => {
      const { runList } = await import('./plugin-versions.ts');
      await runList(options);
    });
}
