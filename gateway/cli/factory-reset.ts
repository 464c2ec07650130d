import { resolve } from 'node:path';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Removed } from '../config/factory-reset.ts';
import type { Config } from '../config/schema.ts';
import { counted } from '../lib/counted.ts';
import { confirmed } from './confirmed.ts';
import { formatBytes } from './format.ts';

interface Options {
  readonly config: string;
  readonly data?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `portcullis factory-reset`: for whoever hands a gateway on. */
export function factoryResetCommand(): Command {
  return new Command('factory-reset')
    .description(
      'Remove all data, accounts, credentials, rules and installed plugins of a gateway; it must be stopped. The configuration stays.',
    )
    .requiredOption('--config <file>', 'configuration file of the gateway')
    .option('--data <dir>', 'data folder, where it is not the one that the configuration names')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(factoryReset);
}

async function factoryReset(options: Options): Promise<void> {
  const [{ configuredFiles, holdsGateway }, { loadConfig }, { holdDataDir }] = await Promise.all([
    import('../config/factory-reset.ts'),
    import('../config/load-config.ts'),
    import('../passport-parts.ts'),
  ]);
  const loaded = await loadConfig(options.config);
  const config = { ...loaded, dataDir: resolve(options.data ?? loaded.dataDir) };
  const { dataDir } = config;
  if (!holdsGateway(dataDir))
    throw new PortcullisError('NOT_FOUND', `${dataDir} holds no gateway: nothing was removed.`);
  using _held = holdDataDir(dataDir);
  if (!(options.yes ?? (await confirmed(`Remove everything in ${dataDir}? Nothing brings it back.`)))) {
    console.log('Nothing was removed. Say --yes to remove it.');
    process.exitCode = 1;
    return;
  }
  const stays = configuredFiles(options.config, config);
  const { code, removed } = await reset(config, stays);
  if (options.json) {
    console.log(JSON.stringify({ dataDir, removed, stays, claimCode: code ?? null }));
    return;
  }
  console.log(
    `${counted(removed.files, 'file')}, ${formatBytes(removed.bytes)}, are removed. The next start is a first start.`,
  );
  if (code !== undefined) console.log(`The claim code is ${code} now; the one before opens nothing.`);
  console.log(`These stay:\n${stays.map((file) => `  ${file}`).join('\n')}`);
}

/** The code comes first: from then on nobody who claimed the gateway before can do so again. */
async function reset(
  config: Config,
  stays: readonly string[],
): Promise<{ code: string | undefined; removed: Removed }> {
  const [{ emptyDataFolder, removeBeyond }, { forItsOwner, inDataFolder }, { renewClaimCode }] = await Promise.all([
    import('../config/factory-reset.ts'),
    import('../config/data-folder.ts'),
    import('../first-boot/renew-claim-code.ts'),
  ]);
  const { dataDir, claim } = config;
  return forItsOwner(dataDir, () =>
    inDataFolder(dataDir, async () => {
      const code = claim && (await renewClaimCode(claim.codeFile));
      const beyond = await removeBeyond(config);
      const { files, bytes } = await emptyDataFolder(dataDir, stays);
      return { code, removed: { files: files + beyond.files, bytes: bytes + beyond.bytes } };
    }),
  );
}
