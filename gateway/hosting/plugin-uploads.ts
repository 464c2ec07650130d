import { createPublicKey } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PortcullisError, type ErrorCode } from '../../contracts/errors.ts';
import { maxUploadBytes, type InstalledPlugin, type PluginUploads } from '../api/plugin-routes.ts';
import type { RefusedTrial } from '../cli/plugin-trial.ts';
import { knownVersions } from '../preflight/versions.ts';
import { askProcess } from '../lib/ask-process.ts';
import { oneAtATime } from '../lib/one-at-a-time.ts';
import { shippedFolder } from './plugin-places.ts';
import type { Config } from '../config/schema.ts';

export interface InstallOrder {
  readonly config: Config;
  readonly file: string;
  readonly name: string | undefined;
  readonly dryRun: boolean;
}

/** What the process is asked for; it answers with an `InstallResult`. */
export type PluginOrder = InstallOrder | { readonly config: Config; readonly rollback: string };

export type InstallResult =
  | { readonly installed: InstalledPlugin }
  | { readonly rolledBack: { readonly from: string; readonly to: string | null } }
  | {
      readonly refused: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly trial?: RefusedTrial | undefined;
      };
    };

/** Checking, and decoding the last day twice, on a slow machine. */
const withinMs = 300_000;

/**
 * Takes bundles as `portcullis plugin install --yes` would, one at a time: streamed to a file, then checked and compared in
 * a process that ends. The gateway that runs changes nothing: like the command, this takes effect at its next start.
 */
export async function openPluginUploads(config: Config): Promise<PluginUploads> {
  const folder = join(resolve(config.dataDir), 'uploads');
  // What a crash in the middle of an upload left behind.
  await rm(folder, { recursive: true, force: true });

  const demandFolder = (): void => {
    if (config.plugins.dir !== undefined) return;
    const why = "The configuration names no plugins.dir, the folder for this site's own plugins. Set it first.";
    throw new PortcullisError('CONFIG_INVALID', why);
  };
  const order = async (wanted: PluginOrder): Promise<Exclude<InstallResult, { refused: object }>> => {
    const result = await askProcess<InstallResult>(import.meta, 'install-process', wanted, withinMs);
    if ('failed' in result) throw new PortcullisError('INTERNAL', `The work on the plugin ${result.failed}.`);
    if (!('refused' in result)) return result;
    const { code, message, trial } = result.refused;
    if (trial !== undefined && 'dryRun' in wanted && wanted.dryRun) return { installed: deniedOf(trial) };
    throw new PortcullisError(code, message);
  };
  const install: PluginUploads['install'] = async ({ name, dryRun }, body) => {
    demandFolder();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const own = await mkdtemp(join(folder, 'bundle-'));
    try {
      const file = join(own, 'upload.plugin.tgz');
      await receive(body, file);
      const result = await order({ config: absolute(config), file, name, dryRun });
      if ('installed' in result) return result.installed;
      throw new PortcullisError('INTERNAL', 'The process that installs answered something else.');
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  };

  const alone = oneAtATime('Another bundle is being checked. Try again in a minute.');
  return {
    install: (how, body) => alone(() => install(how, body)),
    rollBack: (name) =>
      alone(async () => {
        demandFolder();
        const result = await order({ config: absolute(config), rollback: name });
        if ('rolledBack' in result) return result.rolledBack;
        throw new PortcullisError('INTERNAL', 'The process that goes back answered something else.');
      }),
    versions: async () => {
      const { dir } = config.plugins;
      if (dir === undefined) return [];
      const shipped = new Set(await readdir(shippedFolder));
      const all = await knownVersions(resolve(dir));
      return all.map(({ name, active, before }) => ({
        name,
        active,
        back: before ?? (shipped.has(name) ? 'shipped' : null),
      }));
    },
    decisions: () => decisionsOf(config.dataDir),
  };
}

function deniedOf({ name, version, violations }: RefusedTrial): InstalledPlugin {
  const nothing = { switchedOn: false, before: null, traffic: '', messages: 0, different: 0, groups: [] };
  return { plugin: name, version, decision: 'DENY', violations, ...nothing };
}

/** Whole lines only: what is appended while it is read belongs to the next reader. */
async function decisionsOf(dataDir: string): Promise<{ readonly records: Readable; readonly key: string }> {
  const home = join(dataDir, 'admission');
  const [file, pem] = await Promise.all([
    open(join(home, 'decisions.jsonl')),
    readFile(join(home, 'decision-key.pem'), 'utf8'),
  ]).catch((cause: unknown) => {
    throw new PortcullisError('NOT_FOUND', 'There is no decision record yet.', { cause });
  });
  const { size } = await file.stat();
  const key = createPublicKey(pem).export({ format: 'jwk' }).x ?? '';
  if (size === 0) await file.close();
  return { records: size === 0 ? Readable.from([]) : file.createReadStream({ start: 0, end: size - 1 }), key };
}

function absolute(config: Config): Config {
  const { dir } = config.plugins;
  return { ...config, plugins: { ...config.plugins, ...(dir !== undefined && { dir: resolve(dir) }) } };
}

async function receive(body: Readable, file: string): Promise<void> {
  let bytes = 0;
  const bounded = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > maxUploadBytes) throw tooLarge();
      yield chunk;
    }
  };
  try {
    await pipeline(body, bounded, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (cause) {
    if (cause instanceof PortcullisError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new PortcullisError(
        'DISK_FULL',
        'There is no room for the bundle. Free some space, then upload it again.',
        {
          cause,
        },
      );
    }
    throw new PortcullisError('FILE_UNREADABLE', 'The upload ended before the bundle was whole. Upload it again.', {
      cause,
    });
  }
}

function tooLarge(): PortcullisError {
  const mebibytes = maxUploadBytes / 1024 ** 2;
  const sentence = `An upload holds at most ${mebibytes} MiB. Install a larger bundle with "portcullis plugin install".`;
  return new PortcullisError('FILE_UNREADABLE', sentence);
}
