import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import { configurationInPassport, type Manifest } from '../../contracts/passport.ts';
import { forItsOwner } from '../config/data-folder.ts';
import { withDataDir, type DataDirOptions } from './data-dir.ts';
import { formatBytes, formatTime } from './format.ts';
import { requireOutFile } from './out-file.ts';

interface Options {
  readonly passphraseFile: string;
  readonly json?: boolean;
}

/** `portcullis passport make|check|restore`: everything of a gateway in one encrypted file. */
export function passportCommand(): Command {
  const passport = new Command('passport').description('Put the whole gateway into one encrypted file, and back.');
  withPassphrase(withDataDir(passport.command('make <file>')))
    .description('Make a passport and prove it; the gateway may be running.')
    .action(make);
  withPassphrase(passport.command('check <file>'))
    .description('Restore a passport into a scratch folder and read all of it; exit 77 when it is not well.')
    .action(check);
  withPassphrase(withDataDir(passport.command('restore <file>')))
    .description('Make a data folder the gateway of a passport; the gateway must be stopped.')
    .option('--force', 'also where a gateway is already; its data is moved into a folder before-passport-…')
    .action(restore);
  withDataDir(passport.command('take-over'))
    .description(
      'Make this gateway the one that runs, where another has its name; it must be stopped. The other one is shut out.',
    )
    .action(takeOver);
  return passport;
}

function withPassphrase(command: Command): Command {
  return command
    .requiredOption(
      '--passphrase-file <file>',
      'file with the passphrase of 12 characters or more; - is standard input',
    )
    .option('--json', 'print JSON');
}

async function passphraseIn({ passphraseFile: file }: Options): Promise<string> {
  const read = file === '-' ? text(process.stdin) : readFile(file, 'utf8');
  const said = await read.catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `${file} cannot be read.`, { cause });
  });
  return said.replace(/\r?\n$/, '');
}

async function make(file: string, options: Options & DataDirOptions): Promise<void> {
  await requireOutFile(file, { overwrites: false });
  const [{ makePassport }, { passportParts }, { gatewayEpoch, gatewayName }, { version }] = await Promise.all([
    import('../passport/make.ts'),
    import('../passport-parts.ts'),
    import('../config/identity.ts'),
    import('../version.ts'),
  ]);
  const { dataDir, configured, written } = await placeOf(options);
  const passphrase = await passphraseIn(options);
  const made = await forItsOwner(dataDir, async () => {
    const gateway = await gatewayName(dataDir, configured);
    const identity = await gatewayEpoch(dataDir);
    const order = { dataDir, written, gateway, identity, version, nowMs: Date.now(), passphrase, out: resolve(file) };
    return makePassport(order, passportParts);
  });
  tell(made.manifest, options, `${file}, ${formatBytes(made.bytes)}, is made and was restored beside to prove it.`);
}

async function check(file: string, options: Options): Promise<void> {
  const [{ tryPassport }, { passportParts }] = await Promise.all([
    import('../passport/make.ts'),
    import('../passport-parts.ts'),
  ]);
  const passphrase = await passphraseIn(options);
  const scratch = await mkdtemp(join(tmpdir(), 'portcullis-passport-'));
  try {
    const manifest = await tryPassport({ file: resolve(file), passphrase }, scratch, passportParts);
    tell(manifest, options, `${file} is well.`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function restore(file: string, options: Options & DataDirOptions & { readonly force?: boolean }): Promise<void> {
  const [{ prepareArrival }, { isEmptyFolder, settleArrival }, { passportParts, holdDataDir }] = await Promise.all([
    import('../passport/prepare-arrival.ts'),
    import('../passport/settle-arrival.ts'),
    import('../passport-parts.ts'),
  ]);
  const { dataDir, written } = await placeOf(options);
  if (!options.force && !(await isEmptyFolder(dataDir))) {
    const sentence = `${dataDir} holds a gateway already. With --force its data is moved aside and the passport takes its place.`;
    throw new PortcullisError('CONFLICT', sentence);
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const manifest = await forItsOwner(dataDir, async () => {
    using _held = holdDataDir(dataDir);
    const instance = randomBytes(8).toString('hex');
    const order = { file: resolve(file), passphrase: await passphraseIn(options), dataDir, instance };
    const arrived = await prepareArrival({ ...order, ...(written && { machine: written }) }, passportParts);
    await settleArrival(dataDir, Date.now());
    return arrived;
  });
  tell(manifest, options, `${dataDir} is ${manifest.gateway} now, in its epoch ${manifest.epoch + 1}. Start it.`);
}

async function takeOver(options: DataDirOptions): Promise<void> {
  const [{ epochAbove, forgetFence }, { gatewayEpoch, raiseEpoch }, { holdDataDir }] = await Promise.all([
    import('../delivery/fence.ts'),
    import('../config/identity.ts'),
    import('../passport-parts.ts'),
  ]);
  const { dataDir } = await placeOf(options);
  const epoch = await forItsOwner(dataDir, async () => {
    using _held = holdDataDir(dataDir);
    const above = await epochAbove(dataDir, await gatewayEpoch(dataDir));
    await raiseEpoch(dataDir, above);
    await forgetFence(dataDir);
    return above;
  });
  console.log(`This gateway is in epoch ${epoch} now. Start it: the far sides hear no other one of its name any more.`);
}

/** Where the gateway is, and its configuration where that is known. */
async function placeOf({ data, config }: DataDirOptions): Promise<{
  readonly dataDir: string;
  readonly configured?: string | undefined;
  readonly written?: object;
}> {
  if (data !== undefined) return { dataDir: resolve(data) };
  if (config === undefined) throw new PortcullisError('USAGE', 'Say which gateway: --config FILE or --data DIR.');
  const { loadConfigOrLastGood } = await import('../config/load-config.ts');
  const { config: found, written } = await loadConfigOrLastGood(config);
  return { dataDir: found.dataDir, configured: found.gateway, written };
}

const shown = { registry_devices: 'devices', registry_places: 'places' };

function tell(manifest: Manifest, { json }: Options, sentence: string): void {
  const { files, contents, ...rest } = manifest;
  if (json) {
    console.log(JSON.stringify({ ...rest, files: files.length, contents }));
    return;
  }
  const { tables, sinks } = contents;
  const isConfigured = files.some(({ path }) => path === configurationInPassport);
  console.log(sentence);
  console.log(`gateway      ${manifest.gateway}, epoch ${manifest.epoch}, made ${formatTime(manifest.madeAt)}`);
  console.log(
    `configured   ${isConfigured ? 'yes, its configuration came along' : 'no: it was made without --config'}`,
  );
  for (const [table, what] of Object.entries(shown)) console.log(`${what.padEnd(12)} ${tables[table] ?? 0}`);
  for (const { sink, buffered, balanced } of sinks)
    console.log(`${sink.padEnd(12)} ${buffered} undelivered, ledger ${balanced ? 'balanced' : 'NOT BALANCED'}`);
}
