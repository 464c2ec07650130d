import { violationTable } from '../admission/codes.ts';
import type { Origin } from '../admission/types.ts';
import { shown } from '../admission/report/subject.ts';
import type { AdmittedPlugin, PluginRun } from './admitted-plugin.ts';
import { openCell } from '../cells/cell-supervisor.ts';
import type { SupervisedCell } from '../cells/cell-supervisor.ts';
import type { PlannedHandles } from '../cells/handles/handle-broker.ts';
import type { StartFault } from '../cells/process-cell.ts';
import type { CellDeps } from '../cells/options.ts';
import type { PluginSource } from '../preprocess/options.ts';
import { demandsAnything, rehearsePlugin } from './simulated-device.ts';

/** A plugin that came to the door, with what runs of it: in the decode threads, or in a cell. */
export interface Arrival {
  readonly plugin: AdmittedPlugin;
  readonly origin: Origin;
  /** Why a plugin that was admitted does not run. */
  readonly fault?: StartFault;
  readonly thread?: PluginSource;
  readonly cell?: SupervisedCell;
}

/** Where a plugin came from, and what the site gives to it. */
interface Place {
  readonly origin: Origin;
  readonly config: unknown;
  readonly handles: PlannedHandles | undefined;
}

/**
 * Starts an admitted plugin where it belongs: a shipped one and a trusted codec in the decode threads, every other one in
 * a cell. What its contract demands of the running module is shown before, in a process that ends; a site's codec for
 * the threads shows itself there in any case. A plugin that fails comes back denied, with the reason among its violations.
 */
export async function startPlugin(
  plugin: AdmittedPlugin,
  run: PluginRun,
  { origin, config, handles, ...deps }: Place & CellDeps,
): Promise<Arrival> {
  const { name } = plugin;
  const { entry, fence, expected, limits, device, demands } = run;
  const plan = { name, entry, fence, expected, limits, device, config, handles };
  const inThreads = origin === 'shipped' || run.isTrustedCodec;
  if (demandsAnything(demands) || (inThreads && origin === 'site')) {
    const fault = await rehearsePlugin(plan, demands, deps);
    if (fault !== undefined) return { origin, fault, plugin: deniedLive(plugin, fault) };
  }
  if (inThreads) return { origin, plugin, thread: { name, entry, fence, expected, config } };
  const cell = await openCell(plan, deps);
  return 'code' in cell ? { origin, fault: cell, plugin: deniedLive(plugin, cell) } : { origin, plugin, cell };
}

/** Admitted by what can be read, denied by what it did. */
export function deniedLive(plugin: AdmittedPlugin, { code, detail }: StartFault): AdmittedPlugin {
  const { run: _run, ...rest } = plugin;
  const { means, help } = code === 'CONFIG_INVALID' ? wrongConfiguration : violationTable[code];
  const sentence = `${means} Found: ${shown(detail)}.`;
  return { ...rest, decision: 'DENY', violations: [{ code, sentence, remedy: help }] };
}

const wrongConfiguration = {
  means: 'The configuration of the plugin is wrong.',
  help: 'Correct its entry under plugins.config.',
};
