import { mkdir } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import { forItsOwner } from '../config/data-folder.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { installVersion, listVersions, rollBack } from '../preflight/versions.ts';
import type { VersionsOptions } from '../preflight/versions.ts';
import { releaseFromQuarantine } from '../hosting/plugin-quarantine.ts';
import { confirmed } from './confirmed.ts';
import { installedPlugins, readPlugin, versionOfBundle } from './plugin-found.ts';
import { comparePlugin, orRefused, show } from './plugin-preflight.ts';
import type { Compared, ExitCode } from './plugin-preflight.ts';

const nextStart = 'The gateway takes it up at its next start.';

/** `portcullis plugin install`: exit 0 switched on, 1 left as it was, 2 refused or wrong configuration. */
export async function runInstall(path: string, options: { config: string; yes?: boolean }): Promise<ExitCode> {
  return orRefused(async () => {
    const config = await loadConfig(options.config);
    await mkdir(siteFolder(config, options.config), { recursive: true, mode: 0o755 });
    const compared = await comparePlugin(await readPlugin(path), config);
    const { name, candidate } = compared;
    if (candidate.bundle === undefined) throw unpacked(path);
    show(compared, false);
    if (!(options.yes ?? (await confirmed(`Switch ${name} ${candidate.version} on?`)))) {
      console.log('Nothing was switched on. Say --yes to switch it on.');
      return 1;
    }
    const { before } = await switchOn(compared, config);
    const back = before === undefined ? '' : ` Back to ${before}: portcullis plugin rollback ${name}`;
    console.log(`${name} ${candidate.version} is switched on. ${nextStart}${back}`);
    return 0;
  });
}

/** Switches a compared bundle on, for the next start of the gateway. `before`: what a rollback leads to. */
export async function switchOn(
  { name, candidate: { bundle, path }, subject }: Compared,
  config: Config,
): Promise<{ readonly before: string | undefined }> {
  if (bundle === undefined) throw unpacked(path);
  const dir = siteFolder(config, 'The configuration');
  const { kept } = await forItsOwner(dir, () => installVersion(bundle, versionsOf(dir, name)));
  return { before: kept[1]?.version ?? subject.running };
}

function unpacked(path: string): PortcullisError {
  return new PortcullisError('USAGE', `${path} is a folder. Pack it with "portcullis plugin pack", then install that.`);
}

/** `portcullis plugin rollback`: one command back. */
export async function runRollback(name: string, options: { config: string }): Promise<void> {
  const { from, to } = await goBack(name, await loadConfig(options.config));
  const target = to === null ? 'the version that is shipped with the gateway' : to;
  console.log(`${name}: back from ${from} to ${target}. ${nextStart}`);
}

/** Goes back to the version before; `to` is null for the one that is shipped. */
export async function goBack(
  name: string,
  config: Config,
): Promise<{ readonly from: string; readonly to: string | null }> {
  const dir = siteFolder(config, 'The configuration');
  const installed = await installedPlugins({ plugins: { ...config.plugins, dir: undefined } });
  const shipped = installed.some((one) => one.name === name);
  const { from, to } = await forItsOwner(dir, () => rollBack(versionsOf(dir, name), { shipped }));
  return { from: from.version, to: to === 'shipped' ? null : to.version };
}

/** `portcullis plugin release`: exit 0 released, 1 it was not quarantined. */
export async function runRelease(name: string, options: { config: string }): Promise<0 | 1> {
  const { dataDir } = await loadConfig(options.config);
  const released = await forItsOwner(dataDir, () => releaseFromQuarantine(dataDir, name));
  console.log(released ? `${name} is released. ${nextStart}` : `${name} is not kept in quarantine.`);
  return released ? 0 : 1;
}

/** `portcullis plugin list`: what the gateway would start with, and the versions to go back to. */
export async function runList(options: { config: string; json?: boolean }): Promise<void> {
  const config = await loadConfig(options.config);
  const { dir } = config.plugins;
  const rows = [];
  for (const { name, version, from, packageName } of await installedPlugins(config)) {
    const versions = dir === undefined ? undefined : await listVersions(versionsOf(dir, name));
    const kept = versions?.kept.filter(({ sha256 }) => sha256 !== versions.active?.sha256) ?? [];
    rows.push({ name, version, from, package: packageName ?? null, kept: kept.map((one) => one.version) });
  }
  if (options.json) console.log(JSON.stringify({ plugins: rows }, null, 2));
  else
    for (const { name, version, from, kept } of rows) {
      console.log(`${name}\t${version}\t${from}${kept.length === 0 ? '' : `\tkept: ${kept.join(', ')}`}`);
    }
}

function versionsOf(dir: string, name: string): VersionsOptions {
  if (!/^[\w@][\w@.-]{0,127}$/.test(name)) throw new PortcullisError('USAGE', 'That is no name of a plugin.');
  return { dir, name, versionOf: versionOfBundle };
}

function siteFolder({ plugins }: Config, file: string): string {
  if (plugins.dir !== undefined) return plugins.dir;
  throw new PortcullisError('CONFIG_INVALID', `${file} names no plugins.dir, the folder for this site's own plugins.`);
}
