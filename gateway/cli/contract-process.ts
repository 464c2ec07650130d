import { analysePlugin } from '../admission/code/analyse-plugin.ts';
import { outlinePlugin } from '../admission/code/outline-plugin.ts';
import { imageApi, providedModules } from '../admission/provided-modules.ts';
import type { CheckContext } from './contract-check.ts';
import type { InitContext } from './contract-init.ts';

/** What the contract commands take from this process. */
export function processContext(): CheckContext & InitContext {
  return {
    cwd: process.cwd(),
    env: process.env,
    now: new Date(),
    analyse: analysePlugin,
    outline: outlinePlugin,
    provided: providedModules,
    write: (text) => process.stdout.write(text),
  };
}

/** The same, for the plugins that an image ships: they speak to the API of the gateway beside them. */
export function imageContext(): CheckContext {
  return { ...processContext(), provided: (folder) => providedModules(folder, imageApi(folder)) };
}
