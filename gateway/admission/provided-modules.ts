import { extname, join, relative, sep } from 'node:path';
import { core } from 'zod';
import type { ProvidedModule } from './types.ts';

/** Name of the plugin API in contracts: what a plugin reaches as `contracts/index.ts` of the gateway. */
export const pluginApiName = '@portcullis/contracts';

/** What the gateway itself provides: without it nothing would be a plugin, so no policy has to grant it. */
export const providedNames: ReadonlySet<string> = new Set(['zod', pluginApiName]);

/** Compiled or not, the plugin API has the ending of this file. */
const ownApi = join(import.meta.dirname, `../../contracts/index${extname(import.meta.filename)}`);

/** The plugin API of the gateway inside an image, where `folder` is one of the plugins that it ships. */
export const imageApi = (folder: string): string => join(folder, '../../contracts/index.js');

/** What the gateway itself provides to a plugin in `folder`: its API, and zod in the gateway's own version. */
export function providedModules(folder: string, pluginApi = ownApi): readonly ProvidedModule[] {
  const { major, minor, patch } = core.version;
  return [
    { name: 'zod', version: `${major}.${minor}.${patch}` },
    { name: pluginApiName, version: '1.0.0', path: relative(folder, pluginApi).split(sep).join('/') },
  ];
}
