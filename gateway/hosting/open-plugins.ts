import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { LiveDenial } from '../admission/record/live-denials.ts';
import type { Origin } from '../admission/types.ts';
import { admitInProcess } from './admit-in-process.ts';
import type { AdmittedPlugin } from './admitted-plugin.ts';
import type { SupervisedCell } from '../cells/cell-supervisor.ts';
import { openNursery } from '../cells/nursery.ts';
import type { HandlePorts } from '../cells/handles/handle-broker.ts';
import type { StartFault } from '../cells/process-cell.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../lib/clock.ts';
import { tell } from '../observability/channels.ts';
import type { PluginSource } from '../preprocess/options.ts';
import { isolationOf, openConfinement } from './open-confinement.ts';
import { plannedHandles, readGiven } from './plugin-given.ts';
import { openQuarantine } from './plugin-quarantine.ts';
import { contractShelves, shippedFolder } from './plugin-places.ts';
import { pluginConfig } from '../stage-options.ts';
import { deniedLive, startPlugin, type Arrival } from './start-plugin.ts';

/** What was decided about one version of a plugin. */
interface Decided extends Omit<AdmittedPlugin, 'run'> {
  readonly origin: Origin;
}

/** One plugin as `/api/v1/plugins` shows it: what was decided, and where it runs. */
export interface PluginStatus extends Decided {
  readonly runs: 'in the decode threads' | 'in a process of its own' | 'nowhere';
  readonly state?: string | undefined;
  /** Versions of the same name that do not run: a replaced one, or a refused one that this one stands in for. */
  readonly insteadOf?: readonly Decided[] | undefined;
}

export interface Plugins extends AsyncDisposable {
  readonly threads: readonly PluginSource[];
  readonly cells: readonly SupervisedCell[];
  /** Denies a plugin of the threads whose live module was not the checked one when they loaded it. */
  noteRefused(described: readonly { readonly name: string; readonly refused?: StartFault | undefined }[]): void;
  /** One row per name. */
  status(): readonly PluginStatus[];
  /** Once everything else is up: plugins that were granted something start. Disposing revokes their handles. */
  begin(ports: HandlePorts): AsyncDisposable;
}

/**
 * Lets the shipped plugins and those of `plugins.dir` through the door, at every start, and opens a cell for each
 * vendor plugin. What runs comes from the content-addressed store. A refused plugin keeps no other out: it does not
 * load, and an alarm says why. A site's plugin with the name of a shipped one is another version of it, held to the
 * shipped one's contract; it runs in its place, and when it cannot, the shipped one does.
 */
export async function openPlugins(config: Config, { log, clock }: { log: Logger; clock: Clock }): Promise<Plugins> {
  await using opening = new AsyncDisposableStack();
  const { dir, policy } = config.plugins;
  const given = await readGiven(config, log);
  const confinement = await openConfinement(config.dataDir);
  for (const lacks of confinement.missing)
    log.info({ lacks }, 'the kernel of this host gives cells less than it could');
  const { launch } = opening.use(openNursery());
  const deps = { log, clock, confinement, launch };
  const [shipped = [], vendors = []] = await admitInProcess({
    dataDir: config.dataDir,
    contracts: contractShelves(config),
    policy,
    given,
    isolation: isolationOf(confinement),
    folders: [
      { folder: shippedFolder, origin: 'shipped' },
      ...(dir === undefined ? [] : [{ folder: resolve(dir), origin: 'site' } as const]),
    ],
  });
  const configOf = pluginConfig(config);
  const quarantine = await openQuarantine(config.dataDir, [...vendors, ...shipped], deps);
  const arrivals: Arrival[] = [];
  const arrive = async (plugin: AdmittedPlugin, origin: Origin): Promise<void> => {
    const { name, run } = plugin;
    const before = arrivals.filter((other) => other.plugin.name === name);
    const held = run === undefined ? undefined : quarantine.faultOf(plugin);
    const starts = run !== undefined && held === undefined && !before.some(isRunning);
    const arrival: Arrival = starts
      ? await startPlugin(plugin, run, {
          origin,
          config: configOf[name] ?? {},
          handles: run.handleGrants && plannedHandles(run.handleGrants, given.get(name)),
          onQuarantine: (plugin, why) => quarantine.add(plugin, why),
          ...deps,
        })
      : held === undefined
        ? { plugin, origin }
        : { plugin: deniedLive(plugin, held), origin, fault: held };
    if (arrival.cell) opening.use(arrival.cell);
    announce(arrival.plugin, { log: deps.log, isFirst: before.length === 0 });
    arrivals.push(arrival);
  };
  for (const plugin of vendors) await arrive(plugin, 'site');
  for (const plugin of shipped) await arrive(plugin, 'shipped');
  const denials = arrivals.flatMap(denialOf);
  if (denials.length > 0) {
    // A gateway whose plugins keep their word does without this.
    const { recordLiveDenials } = await import('../admission/record/live-denials.ts');
    await recordLiveDenials(config.dataDir, denials, deps);
  }
  const open = opening.move();
  const byOrigin = arrivals.toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
  return {
    threads: byOrigin.flatMap(({ thread }) => thread ?? []),
    cells: byOrigin.flatMap(({ cell }) => cell ?? []),
    noteRefused: (described) => {
      for (const { name, refused } of described) {
        const at = arrivals.findIndex(({ plugin, thread }) => plugin.name === name && thread !== undefined);
        const arrival = arrivals[at];
        if (refused === undefined || arrival === undefined) continue;
        const plugin = deniedLive(arrival.plugin, refused);
        arrivals[at] = { plugin, origin: arrival.origin };
        announce(plugin, { log: deps.log, isFirst: true });
      }
    },
    begin: (ports) => {
      const begun = new AsyncDisposableStack();
      for (const { cell } of byOrigin) if (cell) begun.use(cell.begin(ports));
      return begun;
    },
    status: () => [...Map.groupBy(arrivals, ({ plugin }) => plugin.name).values()].flatMap(statusOf),
    [Symbol.asyncDispose]: async () => {
      await open.disposeAsync();
      await quarantine[Symbol.asyncDispose]();
    },
  };
}

/** A wrong configuration is no fault of the plugin, and no decision about it. */
function denialOf({ plugin: { name }, fault }: Arrival): readonly LiveDenial[] {
  return fault === undefined || fault.code === 'CONFIG_INVALID' ? [] : [{ name, ...fault, code: fault.code }];
}

function isRunning({ thread, cell }: Arrival): boolean {
  return thread !== undefined || cell !== undefined;
}

/** Of the versions of one name: the one that runs, or else the site's own, with the others behind it. */
function statusOf(versions: readonly Arrival[]): readonly PluginStatus[] {
  const [shown, ...others] = versions.toSorted((a, b) => Number(isRunning(b)) - Number(isRunning(a)));
  if (shown === undefined) return [];
  const { cell, thread } = shown;
  return [
    {
      ...decided(shown),
      runs: cell ? 'in a process of its own' : thread ? 'in the decode threads' : 'nowhere',
      state: cell?.state,
      insteadOf: others.length === 0 ? undefined : others.map(decided),
    },
  ];
}

function decided({ plugin: { run: _run, ...plugin }, origin }: Arrival): Decided {
  return { ...plugin, origin };
}

/** A version that stands in for a refused one does not end the alarm about that. */
function announce(
  { name, tree, decision, violations }: AdmittedPlugin,
  { log, isFirst }: { readonly log: Logger; readonly isFirst: boolean },
): void {
  const [worst] = violations;
  if (decision === 'ADMIT') {
    if (isFirst) tell('alarm', { code: 'plugin_refused', subject: name, active: false, detail: '' });
    log.info({ plugin: name, tree }, 'plugin admitted');
    return;
  }
  const why = `${worst?.code ?? decision}: ${worst?.sentence ?? ''} ${worst?.remedy ?? ''}`;
  tell('rejected', { stage: 'admission', reason: worst?.code ?? 'PC-C199', count: 1 });
  // The alarm is in the log too, as an error.
  log.warn({ plugin: name }, 'plugin refused');
  tell('alarm', { code: 'plugin_refused', subject: name, active: true, detail: why });
}
