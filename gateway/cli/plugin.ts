import { Command } from 'commander';

/** `portcullis plugin`: pack, sign and verify what a vendor ships. */
export function pluginCommand(): Command {
  return new Command('plugin')
    .description('Pack a plugin into one signed bundle, make a signing key, verify a bundle.')
    .addCommand(keygenCommand())
    .addCommand(packCommand())
    .addCommand(verifyCommand());
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
