import { pino } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { cellProgram, findConfinement } from '../cells/confinement.ts';
import type { CellDeps } from '../cells/options.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../lib/clock.ts';
import { matchesFilter } from '../lib/topic-filter.ts';
import { preflight } from '../preflight/preflight.ts';
import type { PreflightReport } from '../preflight/preflight.ts';
import { reportLines } from '../preflight/report-text.ts';
import type { PreflightSubject } from '../preflight/report-text.ts';
import { demandsAnything, rehearsePlugin } from '../hosting/simulated-device.ts';
import { installedPlugins, predecessorOf, readPlugin } from './plugin-found.ts';
import type { FoundPlugin } from './plugin-found.ts';
import { nothingRuns, openReplay } from './plugin-replay.ts';
import { fixturesOf, readSiteTraffic } from './plugin-traffic.ts';
import type { SiteTraffic } from './plugin-traffic.ts';
import { openTrial } from './plugin-trial.ts';
import type { Trial } from './plugin-trial.ts';

/** A candidate with what a comparison showed. `name` is what it is called on this site. */
export interface Compared {
  readonly name: string;
  readonly candidate: FoundPlugin;
  readonly subject: PreflightSubject;
  readonly report: PreflightReport;
}

export type ExitCode = 0 | 1 | 2;

/** `portcullis plugin preflight`: exit 0 no difference, 1 differences, 2 refused or wrong configuration. */
export async function runPreflight(path: string, options: { config: string; json?: boolean }): Promise<ExitCode> {
  return orRefused(async () => {
    const compared = await comparePlugin(await readPlugin(path), await loadConfig(options.config));
    show(compared, options.json ?? false);
    return compared.report.different === 0 ? 0 : 1;
  });
}

/** Prints why a candidate or the configuration is refused; every other error goes on. */
export async function orRefused(run: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await run();
  } catch (error) {
    const refusals = ['PLUGIN_REFUSED', 'PLUGIN_TAMPERED', 'CONFIG_INVALID', 'FILE_UNREADABLE'];
    if (!(error instanceof PortcullisError) || !refusals.includes(error.code)) throw error;
    console.error(error.message);
    return 2;
  }
}

export function show({ name, candidate, subject, report }: Compared, json: boolean): void {
  if (json) console.log(JSON.stringify({ ...subject, plugin: name, tree: candidate.path, ...report }, null, 2));
  else for (const line of reportLines(subject, report)) console.log(line);
}

/**
 * Admits the candidate, then lets it and the version in its place decode the same messages, each in a process of its
 * own that ends with the comparison. Throws PLUGIN_REFUSED before a byte of a refused candidate runs.
 */
export async function comparePlugin(candidate: FoundPlugin, config: Config): Promise<Compared> {
  const running = predecessorOf(candidate, await installedPlugins(config));
  const name = running?.name ?? candidate.name;
  const traffic = readSiteTraffic(config.dataDir);
  await using stack = new AsyncDisposableStack();
  const trial = stack.use(await openTrial(candidate, name, config));
  const before = running && stack.use(await openTrial(running, name, config));
  const folders = [trial, before].flatMap((one) => one?.plan.fence.root ?? []);
  const confinement = await findConfinement([cellProgram, ...folders]);
  const deps = { log: pino({ level: 'silent' }), clock: systemClock, confinement };
  const knowledge = traffic.knowledge(name);
  await keepDemands(trial, deps);
  const replay = stack.use(await openReplay(trial.plan, knowledge, deps));
  const runs = before && stack.use(await openReplay(before.plan, knowledge, deps));

  const topics = [...replay.topics, ...(runs?.topics ?? [])];
  const messages = messagesFor(name, topics, traffic, [candidate, running]);
  const report = await preflight(messages.envelopes, { running: runs ?? nothingRuns, candidate: replay });
  const subject = {
    plugin: name,
    running: running && `${running.version}${running.from === 'shipped' ? ' (shipped)' : ''}`,
    candidate: candidate.version,
    traffic: messages.from,
  };
  return { name, candidate, subject, report };
}

/** The examples of the contract, as the gateway will play them at its start. */
async function keepDemands({ plan, demands }: Trial, deps: CellDeps): Promise<void> {
  const fault = demandsAnything(demands) ? await rehearsePlugin(plan, demands, deps) : undefined;
  if (fault === undefined) return;
  throw new PortcullisError(
    'PLUGIN_REFUSED',
    `${plan.name} does not keep its contract: ${fault.code}, ${fault.detail}.`,
  );
}

/** The recorded messages that are meant for the plugin, or else the fixtures of either version. */
function messagesFor(
  name: string,
  topics: readonly string[],
  traffic: SiteTraffic,
  packages: readonly (FoundPlugin | undefined)[],
): { readonly envelopes: readonly Envelope[]; readonly from: string } {
  const isMeant = ({ plugin, topic }: Envelope): boolean =>
    plugin === undefined ? topics.some((filter) => matchesFilter(filter, topic)) : plugin === name;
  const recorded = traffic.samples.filter(isMeant);
  const damaged = traffic.damaged === 0 ? '' : `, ${traffic.damaged} damaged hours left out`;
  if (recorded.length > 0) return { envelopes: recorded, from: `the last day of this site${damaged}` };
  for (const found of packages) {
    const fixtures = found === undefined ? [] : fixturesOf(found.tree);
    if (fixtures.length > 0) return { envelopes: fixtures, from: `fixtures of the plugin${damaged}` };
  }
  throw new PortcullisError(
    'CONFIG_INVALID',
    `There is nothing to compare with: no recorded message for ${name}${damaged}, and no fixtures/*.jsonl in the plugin.`,
  );
}
