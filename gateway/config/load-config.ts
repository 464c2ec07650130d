import { basename, dirname, join, resolve } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { withBrought } from './brought.ts';
import { withPaths } from './named-paths.ts';
import { checkConfig, readYaml } from './parse-config.ts';
import { readIfThere, readText } from './read-text.ts';
import type { Config } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** The same before defaults were filled in: what a passport takes along. */
  readonly written: object;
  /** Set when the file itself is broken and the last good generation runs instead: what is wrong with the file. */
  readonly fellBackBecause?: PortcullisError;
}

/**
 * Reads and parses a configuration file; relative paths in it are meant from its own folder. What a passport brought stands behind it, so
 * that the file holds where both say something.
 */
export async function loadConfig(path: string): Promise<Config> {
  return (await understand(await readText(path), path)).config;
}

/**
 * For the daemon: a broken file never becomes defaults and never stops a house that was running. The last generation
 * that was good runs, and the caller raises an alarm. Without one the error stands.
 */
export async function loadConfigOrLastGood(path: string): Promise<LoadedConfig> {
  try {
    return await understand(await readText(path), path);
  } catch (error) {
    if (!(error instanceof PortcullisError) || error.code !== 'CONFIG_INVALID') throw error;
    const generation = lastGoodPath(path);
    const lastGood = await readIfThere(generation);
    if (lastGood === undefined) throw error;
    return { ...(await understand(lastGood, generation, dirname(resolve(path)))), fellBackBecause: error };
  }
}

/** Remembers the file's present text as the last good generation; called once the gateway is up with it. */
export async function keepAsLastGood(path: string): Promise<void> {
  const generation = lastGoodPath(path);
  const text = await readText(path);
  const kept = await readIfThere(generation);
  if (kept !== text) await atomicWrite(generation, text);
}

/** Under systemd the folder of the configuration is read-only for the gateway, and its own folder is named to it by `StateDirectory`. */
function lastGoodPath(path: string): string {
  const [state] = process.env['STATE_DIRECTORY']?.split(':') ?? [];
  return join(state ?? dirname(resolve(path)), `.${basename(path)}.last-good`);
}

/** `folder` is where relative paths are meant from. */
async function understand(text: string, path: string, folder = dirname(resolve(path))): Promise<LoadedConfig> {
  const own = readYaml(text, path);
  if (typeof own !== 'object' || own === null) return { config: checkConfig(own, path), written: {} };
  const { written, source } = await withBrought(
    withPaths(own, (named) => resolve(folder, named)),
    path,
  );
  return { config: checkConfig(written, source), written };
}
