import { basename, dirname, join, resolve } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { parseConfig } from './parse-config.ts';
import { readIfThere, readText } from './read-text.ts';
import type { Config } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Set when the file itself is broken and the last good generation runs instead: what is wrong with the file. */
  readonly fellBackBecause?: PortcullisError;
}

/** Reads and parses a configuration file; relative paths in it are meant from its own folder. */
export async function loadConfig(path: string): Promise<Config> {
  return absolutePaths(parseConfig(await readText(path), path), dirname(resolve(path)));
}

/**
 * For the daemon: a broken file never becomes defaults and never stops a house that was running. The last generation
 * that was good runs, and the caller raises an alarm. Without one the error stands.
 */
export async function loadConfigOrLastGood(path: string): Promise<LoadedConfig> {
  try {
    return { config: await loadConfig(path) };
  } catch (error) {
    if (!(error instanceof PortcullisError) || error.code !== 'CONFIG_INVALID') throw error;
    const generation = lastGoodPath(path);
    const lastGood = await readIfThere(generation);
    if (lastGood === undefined) throw error;
    const config = absolutePaths(parseConfig(lastGood, generation), dirname(resolve(path)));
    return { config, fellBackBecause: error };
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

const channelFiles = ['ca', 'passwordFile', 'secretFile', 'tokenFile'];

/** Resolves every path of the configuration against the folder of its file. */
function absolutePaths(config: Config, base: string): Config {
  const absolute = structuredClone(config);
  absolute.dataDir = resolve(base, config.dataDir);
  const holders: readonly (readonly [object | undefined, readonly string[]])[] = [
    [absolute.mqtt.tls, ['certFile', 'keyFile', 'clientCaFile']],
    [absolute.http.tls, ['certFile', 'keyFile']],
    [absolute.cloud.tuya, ['secretFile', 'ca', 'products']],
    [absolute.claim, ['codeFile']],
    [absolute.kafka?.tls, ['ca']],
    [absolute.kafka?.sasl, ['passwordFile']],
    [absolute.influx, ['ca', 'passwordFile', 'tokenFile']],
    ...Object.values(absolute.notify?.channels ?? {}).map((channel) => [channel, channelFiles] as const),
    [absolute.access.provider, ['clientSecretFile']],
    [absolute.flows, ['folder']],
    [absolute.plugins, ['dir', 'policy']],
    [absolute.rules, ['dir']],
    [absolute.traces, ['ca']],
    [absolute.traces?.headerFiles, Object.keys(absolute.traces?.headerFiles ?? {})],
    ...Object.values(absolute.plugins.secrets).map((files) => [files, Object.keys(files)] as const),
  ];
  for (const [holder, keys] of holders) {
    for (const key of keys) {
      const path: unknown = holder && Reflect.get(holder, key);
      if (holder !== undefined && typeof path === 'string') Reflect.set(holder, key, resolve(base, path));
    }
  }
  return absolute;
}
