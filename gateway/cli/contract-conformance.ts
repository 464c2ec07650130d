import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PortcullisError } from '../../contracts/errors.ts';
import { checkConformance } from '../admission/code/conformance.ts';
import type { AnalysePlugin, ProvidedModule } from '../admission/types.ts';

/**
 * The analysis of code followed by TypeScript's own judgement, for pipelines. Throws PortcullisError (CONFIG_INVALID)
 * where the compiler is not installed: a check that was asked for is never left out silently.
 */
export function withConformance(
  analyse: AnalysePlugin,
  { folder, provided }: { readonly folder: string; readonly provided: readonly ProvidedModule[] },
): AnalysePlugin {
  const tsc = compiler();
  const typeRoots = dirname(packageFolder('@types/node'));
  // The compiler looks for packages from the provided module's place upwards, and from the plugin's: beside both.
  const climb = provided.find(({ path }) => path !== undefined)?.path?.match(/^(?:\.\.\/)*/)?.[0] ?? '';
  const links = new Map(
    provided.map(({ name, path }): [string, string] =>
      path === undefined
        ? [`${climb}node_modules/${name}`, packageFolder(name)]
        : [dirname(path), dirname(resolve(folder, path))],
    ),
  );
  const modules = new Map(
    provided.flatMap(({ name, path }) => (path === undefined ? [] : [[name, resolve(folder, path)] as const])),
  );
  return async (input) => {
    const found = await analyse(input);
    // What does not even parse, or has the wrong shape, needs no compiler to be refused.
    if (found.some(({ severity }) => severity === 'error')) return found;
    return [...found, ...(await checkConformance({ ...input, tsc, typeRoots, links, modules }))];
  };
}

function compiler(): string {
  const missing = (cause?: unknown): PortcullisError =>
    new PortcullisError(
      'CONFIG_INVALID',
      '--conformance needs the package "typescript" beside Portcullis. Install it.',
      {
        cause,
      },
    );
  let tsc: string;
  try {
    tsc = join(packageFolder('typescript'), 'bin/tsc');
  } catch (error) {
    throw missing(error);
  }
  if (!existsSync(tsc)) throw missing();
  return tsc;
}

function packageFolder(name: string): string {
  return dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));
}
