import { isBuiltin, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/** A folder whose modules may import only its own files and what is listed here. */
export interface ModuleFence {
  /** Real path of the folder, without links in it. */
  readonly root: string;
  /** Bare specifier, or absolute path that a relative import reaches, to the absolute path of the module given instead. */
  readonly provided: Readonly<Record<string, string>>;
  /** Builtins by canonical `node:` name. */
  readonly builtins?: readonly string[] | undefined;
}

export class FenceError extends Error {
  override readonly name = 'FenceError';
}

/**
 * Holds every import, `require` and dynamic import of this thread to its fence (module.registerHooks, which also sees
 * `createRequire` and `Module._load`; measured on Node 22 to 26). A builtin that nobody known asks for is refused too:
 * `Module._load('fs')` has no parent.
 */
export function fenceModules(fences: readonly ModuleFence[]): void {
  const walls = fences.map(wallOf);
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context;
      if (parentURL === undefined && isBuiltin(specifier)) throw refusal(specifier);
      const wall = walls.find(({ base }) => parentURL?.startsWith(base) === true);
      if (wall === undefined || parentURL === undefined) return next(specifier, context);
      if (isBuiltin(specifier)) {
        if (wall.builtins.has(canonical(specifier))) return next(specifier, context);
        throw refusal(specifier);
      }
      const given = wall.provided.get(specifier) ?? wall.provided.get(relativeTo(specifier, parentURL));
      if (given !== undefined) return next(given, context);
      const found = next(specifier, context);
      if (!found.url.startsWith(wall.base)) throw refusal(specifier);
      return found;
    },
  });
}

interface Wall {
  /** URL of the folder, with a slash at its end. */
  readonly base: string;
  readonly provided: ReadonlyMap<string, string>;
  readonly builtins: ReadonlySet<string>;
}

function wallOf({ root, provided, builtins = [] }: ModuleFence): Wall {
  const entries = Object.entries(provided).map(([name, path]): [string, string] => [
    name.startsWith('/') ? pathToFileURL(name).href : name,
    pathToFileURL(path).href,
  ]);
  return { base: pathToFileURL(`${root}/`).href, provided: new Map(entries), builtins: new Set(builtins) };
}

function canonical(specifier: string): string {
  return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
}

function relativeTo(specifier: string, parentURL: string): string {
  return /^\.{1,2}\//.test(specifier) ? new URL(specifier, parentURL).href : '';
}

function refusal(specifier: string): FenceError {
  return new FenceError(`PC-D101: the import of ${JSON.stringify(specifier.slice(0, 128))} is not granted.`);
}
