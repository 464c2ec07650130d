import { z } from 'zod';
import { filtersUnder, type CommandCodec, type Plugin } from '../../contracts/plugin.ts';
import { importBoxed } from '../lib/import-boxed.ts';
import { inspectExports, snapshotGlobals } from '../lib/inspect-live.ts';
import { compareShapes } from '../lib/live-shape.ts';
import type { CommandDescriptor, LiveRefusal, PluginDescriptor, ThreadData } from './task.ts';
import { reasonOf } from './decode-envelope.ts';

/** A plugin that is ready to work, with its parsed configuration. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly config: unknown;
}

/** One whose live module is not what was checked: it serves nothing, and keeps no other from serving. */
export interface RefusedPlugin {
  readonly name: string;
  readonly refused: LiveRefusal;
}

type Source = ThreadData['plugins'][number];
type Loaded = LoadedPlugin | RefusedPlugin;
export type Loading = { readonly plugins: readonly Loaded[] } | { readonly failure: string };

/** Imports the plugins in order; the first one whose configuration is wrong ends it with a sentence. */
export async function loadPlugins(sources: readonly Source[]): Promise<Loading> {
  const plugins: Loaded[] = [];
  for (const source of sources) {
    const { name, config } = source;
    const found = await loadOne(source);
    if ('code' in found) {
      plugins.push({ name, refused: found });
      continue;
    }
    const parsed = found.config.safeParse(config ?? {});
    if (!parsed.success) return { failure: `Plugin ${name}: ${z.prettifyError(parsed.error)}` };
    plugins.push({ plugin: found, config: parsed.data });
  }
  return { plugins };
}

/** The plugin, after its live module was compared with what was checked; or what is wrong with it. */
async function loadOne({ entry, expected }: Source): Promise<Plugin | LiveRefusal> {
  const changes = snapshotGlobals();
  let namespace: object;
  try {
    ({ namespace } = await importBoxed(entry));
  } catch (error) {
    return { code: 'PC-R201', detail: reasonOf(error) };
  }
  if (Object.hasOwn(namespace, 'then')) return { code: 'PC-S105', detail: 'the module exports "then"' };
  if (expected !== undefined) {
    const shape = { exports: inspectExports(namespace), changedGlobals: changes() };
    const [difference] = compareShapes(shape, expected);
    if (difference !== undefined) return difference;
  }
  const plugin = Object.getOwnPropertyDescriptor(namespace, 'default')?.value as Plugin | undefined;
  if (typeof plugin?.decode !== 'function') return { code: 'PC-R201', detail: 'the default export is no plugin' };
  return plugin;
}

export function describePlugin(loaded: Loaded): PluginDescriptor {
  if ('refused' in loaded) return { ...loaded, proto: '', topics: [], teaches: [], commands: [] };
  const { plugin, config } = loaded;
  return {
    name: plugin.name,
    proto: plugin.proto,
    topics: [...filtersUnder(plugin.topics, config)],
    teaches: [...filtersUnder(plugin.teaches ?? [], config)],
    commands: Object.entries(plugin.commands ?? {}).map(([name, codec]) => describeCommand(name, codec)),
    ...(plugin.polls && { polls: plugin.polls(config) }),
  };
}

function describeCommand(name: string, codec: Pick<CommandCodec, 'args' | 'idempotent'>): CommandDescriptor {
  const args = z.toJSONSchema(codec.args, { unrepresentable: 'any', io: 'input' });
  return { name, idempotent: codec.idempotent, args };
}
