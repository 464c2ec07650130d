import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { PortcullisError } from '../contracts/errors.ts';
import { admitInProcess } from './admit-in-process.ts';
import type { AdmittedPlugin, PluginRun } from './admitted-plugin.ts';
import { openCell } from './cells/cell-supervisor.ts';
import type { SupervisedCell } from './cells/cell-supervisor.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './lib/clock.ts';
import { tell } from './observability/channels.ts';
import type { PluginSource } from './preprocess/options.ts';
import { contractShelves, shippedFolder } from './plugin-places.ts';
import { pluginConfig } from './stage-options.ts';

/** One plugin as `/api/v1/plugins` shows it: what was decided, and where it runs. */
export interface PluginStatus extends Omit<AdmittedPlugin, 'run'> {
  readonly runs: 'in the decode threads' | 'in a process of its own' | 'nowhere';
  readonly state?: string | undefined;
}

export interface Plugins extends AsyncDisposable {
  readonly threads: readonly PluginSource[];
  readonly cells: readonly SupervisedCell[];
  status(): readonly PluginStatus[];
}

/**
 * Lets the shipped plugins and those of `plugins.dir` through the door, at every start, and opens a cell for each
 * vendor plugin. What runs comes from the content-addressed store. A refused plugin keeps no other out: it does not
 * load, and an alarm says why. A site's plugin with the name of a shipped one is another version of it, held to the
 * shipped one's contract; it runs in its place, and when it cannot, the shipped one does.
 */
export async function openPlugins(config: Config, deps: { log: Logger; clock: Clock }): Promise<Plugins> {
  await using opening = new AsyncDisposableStack();
  const { dir, policy } = config.plugins;
  const [shipped = [], vendors = []] = await admitInProcess({
    dataDir: config.dataDir,
    contracts: contractShelves(config),
    policy,
    folders: dir === undefined ? [shippedFolder] : [shippedFolder, resolve(dir)],
  });
  const configOf = pluginConfig(config);
  const threads: PluginSource[] = [];
  const cells: SupervisedCell[] = [];
  const refusedLive = new Map<AdmittedPlugin, string>();
  const replaced = new Set<string>();
  for (const plugin of vendors) {
    const { name, run } = plugin;
    announce(plugin, deps.log);
    if (run === undefined) continue;
    if (run.isTrustedCodec) threads.push(inThread(name, run, configOf[name]));
    else {
      const cell = await cellOf(name, run, { config: configOf[name], ...deps });
      if (typeof cell === 'string') {
        refusedLive.set(plugin, cell);
        continue;
      }
      cells.push(opening.use(cell));
    }
    replaced.add(name);
  }
  const standing = shipped.filter((plugin) => {
    announce(plugin, deps.log);
    return plugin.run !== undefined && !replaced.has(plugin.name);
  });
  threads.unshift(...standing.flatMap(({ name, run }) => (run ? [inThread(name, run, configOf[name])] : [])));
  for (const [{ name }, why] of refusedLive) alarm(name, why, deps.log);
  const open = opening.move();
  return {
    threads,
    cells,
    status: () =>
      [...shipped, ...vendors].map((plugin) =>
        statusOf(
          plugin,
          vendors.includes(plugin) ? cells.find(({ name }) => name === plugin.name) : undefined,
          threads.some(({ entry }) => entry === plugin.run?.entry),
        ),
      ),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function statusOf(
  { run: _run, ...plugin }: AdmittedPlugin,
  cell: SupervisedCell | undefined,
  isInThread: boolean,
): PluginStatus {
  const runs = cell ? 'in a process of its own' : isInThread ? 'in the decode threads' : 'nowhere';
  return { ...plugin, runs, state: cell?.state };
}

function inThread(name: string, { entry, fence }: PluginRun, config: unknown = {}): PluginSource {
  return { name, entry, fence, config };
}

/** The cell, or why there is none. */
async function cellOf(
  name: string,
  { entry, fence, expected, limits }: PluginRun,
  { config = {}, ...deps }: { readonly config: unknown; readonly log: Logger; readonly clock: Clock },
): Promise<SupervisedCell | string> {
  try {
    return await openCell({ name, entry, fence, expected, limits, config }, deps);
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'PLUGIN_REFUSED') return error.message;
    throw error;
  }
}

function announce({ name, tree, decision, violations }: AdmittedPlugin, log: Logger): void {
  const [worst] = violations;
  if (decision === 'ADMIT') {
    tell('alarm', { code: 'plugin_refused', subject: name, active: false, detail: '' });
    log.info({ plugin: name, tree }, 'plugin admitted');
  } else {
    tell('rejected', { stage: 'admission', reason: worst?.code ?? 'PC-C199', count: 1 });
    alarm(name, `${worst?.code ?? decision}: ${worst?.sentence ?? ''} ${worst?.remedy ?? ''}`, log);
  }
}

function alarm(name: string, why: string, log: Logger): void {
  log.error({ plugin: name }, `plugin refused: ${why}`);
  tell('alarm', { code: 'plugin_refused', subject: name, active: true, detail: why });
}
