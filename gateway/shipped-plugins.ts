import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { PluginSource } from './preprocess/options.ts';

const folder = join(import.meta.dirname, '../plugins');

/** The plugins that come with the gateway: one folder each, run as TypeScript in development and as JavaScript when shipped. */
export async function shippedPlugins(config: Readonly<Record<string, unknown>>): Promise<PluginSource[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const extension = extname(import.meta.filename);
  return names.toSorted().map((name) => ({
    name,
    entry: join(folder, name, `index${extension}`),
    config: config[name] ?? {},
  }));
}
