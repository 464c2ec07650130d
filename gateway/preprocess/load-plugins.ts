import { pathToFileURL } from 'node:url';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { filtersUnder, type CommandCodec, type Plugin } from '../../contracts/plugin.ts';
import type { CommandDescriptor, PluginDescriptor, ThreadData } from './task.ts';
import { reasonOf } from './decode-envelope.ts';

/** A plugin that is ready to work, with its parsed configuration. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly config: unknown;
}

export type Loading = { readonly plugins: readonly LoadedPlugin[] } | { readonly failure: string };

/** Imports the plugins in order; the first one that cannot be used ends it with a sentence. */
export async function loadPlugins(sources: ThreadData['plugins']): Promise<Loading> {
  const plugins: LoadedPlugin[] = [];
  for (const { name, entry, config } of sources) {
    try {
      const url = isAbsolute(entry) ? pathToFileURL(entry).href : entry;
      const module = (await import(url)) as { default?: Plugin };
      if (typeof module.default?.decode !== 'function') {
        return { failure: `Plugin ${name}: the default export of ${entry} is no plugin.` };
      }
      const parsed = module.default.config.safeParse(config ?? {});
      if (!parsed.success) return { failure: `Plugin ${name}: ${z.prettifyError(parsed.error)}` };
      plugins.push({ plugin: module.default, config: parsed.data });
    } catch (error) {
      return { failure: `Plugin ${name} could not be loaded from ${entry}: ${reasonOf(error)}` };
    }
  }
  return { plugins };
}

export function describePlugin({ plugin, config }: LoadedPlugin): PluginDescriptor {
  return {
    name: plugin.name,
    proto: plugin.proto,
    topics: [...filtersUnder(plugin.topics, config)],
    teaches: [...filtersUnder(plugin.teaches ?? [], config)],
    commands: Object.entries(plugin.commands ?? {}).map(([name, codec]) => describeCommand(name, codec)),
  };
}

function describeCommand(name: string, codec: Pick<CommandCodec, 'args' | 'idempotent'>): CommandDescriptor {
  const args = z.toJSONSchema(codec.args, { unrepresentable: 'any', io: 'input' });
  return { name, idempotent: codec.idempotent, args };
}
