import { basename, dirname, join, resolve } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { keepBroughtAsLastGood, withBrought, type Generation } from './brought.ts';
import { withPaths } from './named-paths.ts';
import { checkConfig, readYaml } from './parse-config.ts';
import { readIfThere, readText } from './read-text.ts';
import type { Config } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** The same before defaults were filled in: what a passport takes along. */
  readonly written: object;
  /** Set when the file, or what a passport brought, is broken and the last good generation runs instead: what is wrong with it. */
  readonly fellBackBecause?: PortcullisError;
}

/**
 * Reads and parses a configuration file; relative paths in it are meant from its own folder. What a passport brought stands behind it, so
 * that the file holds where both say something.
 */
export async function loadConfig(path: string): Promise<Config> {
  return (await understand(await readText(path), path, 'present')).config;
}

/**
 * For the daemon: a broken file never becomes defaults and never stops a house that was running. The last generation
 * that was good runs, and the caller raises an alarm. Without one the error stands.
 */
export async function loadConfigOrLastGood(path: string): Promise<LoadedConfig> {
  try {
    return await understand(await readText(path), path, 'present');
  } catch (error) {
    if (!(error instanceof PortcullisError) || error.code !== 'CONFIG_INVALID') throw error;
    const generation = lastGoodPath(path);
    const lastGood = await readIfThere(generation);
    if (lastGood === undefined) throw error;
    return { ...(await understand(lastGood, path, 'last good')), fellBackBecause: error };
  }
}

/** Remembers the present text, and that of what a passport brought, as the last good generation; called once the gateway is up with it. */
export async function keepAsLastGood(path: string): Promise<void> {
  const generation = lastGoodPath(path);
  const text = await readText(path);
  const { dataDir } = (await understand(text, path, 'present')).config;
  await keepBroughtAsLastGood(dataDir);
  const kept = await readIfThere(generation);
  if (kept !== text) await atomicWrite(generation, text);
}

/** Under systemd the folder of the configuration is read-only for the gateway, and its own folder is named to it by `StateDirectory`. */
function lastGoodPath(path: string): string {
  const [state] = process.env['STATE_DIRECTORY']?.split(':') ?? [];
  return join(state ?? dirname(resolve(path)), `.${basename(path)}.last-good`);
}

/** `path` is where the text belongs, also when it is the last good one: relative paths are meant from its folder. */
async function understand(text: string, path: string, generation: Generation): Promise<LoadedConfig> {
  const name = generation === 'present' ? path : lastGoodPath(path);
  const own = readYaml(text, name);
  if (typeof own !== 'object' || own === null) return { config: checkConfig(own, name), written: {} };
  const { written, source } = await withBrought(
    withPaths(own, (named) => resolve(dirname(resolve(path)), named)),
    name,
    generation,
  );
  return { config: checkConfig(written, source), written };
}
