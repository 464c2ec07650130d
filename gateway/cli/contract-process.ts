import { analysePlugin } from '../admission/code/analyse-plugin.ts';
import { outlinePlugin } from '../admission/code/outline-plugin.ts';
import { providedModules } from '../admission/provided-modules.ts';
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
