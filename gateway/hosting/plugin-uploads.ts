import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PortcullisError, type ErrorCode } from '../../contracts/errors.ts';
import { maxUploadBytes, type InstalledPlugin, type PluginUploads } from '../api/plugin-routes.ts';
import { askProcess } from './ask-process.ts';
import type { Config } from '../config/schema.ts';

export interface InstallOrder {
  readonly config: Config;
  readonly file: string;
  readonly name: string | undefined;
  readonly dryRun: boolean;
}

export type InstallResult =
  | { readonly installed: InstalledPlugin }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string } };

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
  let busy = false;

  const install: PluginUploads['install'] = async ({ name, dryRun }, body) => {
    const { dir } = config.plugins;
    if (dir === undefined) {
      const why = "The configuration names no plugins.dir, the folder for this site's own plugins. Set it first.";
      throw new PortcullisError('CONFIG_INVALID', why);
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const own = await mkdtemp(join(folder, 'bundle-'));
    try {
      const file = join(own, 'upload.plugin.tgz');
      await receive(body, file);
      const order: InstallOrder = { config: absolute(config), file, name, dryRun };
      const result = await askProcess<InstallResult>('install-process', order, withinMs);
      if ('installed' in result) return result.installed;
      if ('failed' in result) throw new PortcullisError('INTERNAL', `The check of the bundle ${result.failed}.`);
      throw new PortcullisError(result.refused.code, result.refused.message);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  };

  return {
    install: async (how, body) => {
      if (busy) throw new PortcullisError('OVERLOADED', 'Another bundle is being checked. Try again in a minute.');
      busy = true;
      try {
        return await install(how, body);
      } finally {
        busy = false;
      }
    },
  };
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
