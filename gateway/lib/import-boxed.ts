import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const wrapper = 'box:entry';

interface Box {
  readonly namespace: object;
}

/**
 * Imports a module and gives its namespace inside a box: `await import()` of a namespace with a `then` would call it,
 * and get whatever the module hands out (measured). `entry` is an absolute path or a file URL. One call at a time.
 */
export async function importBoxed(entry: string): Promise<Box> {
  const url = entry.startsWith('/') ? pathToFileURL(entry).href : entry;
  const source = `import * as namespace from ${JSON.stringify(url)}; export const box = { namespace };`;
  const own = `${wrapper}?${encodeURIComponent(url)}`;
  const hook = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === own ? { url: own, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (at, context, next) => (at === own ? { format: 'module', source, shortCircuit: true } : next(at, context)),
  });
  try {
    const { box } = (await import(own)) as { box: Box };
    return box;
  } finally {
    hook.deregister();
  }
}
