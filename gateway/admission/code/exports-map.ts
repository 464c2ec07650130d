import { isRecord } from './package-facts.ts';

/** Targets of package.json `exports` and `imports` (Node's documentation, "Modules: Packages"). */
type Kind = 'import' | 'require';

/** The file that `exports` gives for a subpath (`.` or `./x`), relative with `./`; undefined when it is not exported. */
export function exportTarget(exports: unknown, subpath: string, kind: Kind): string | undefined {
  const isMap = isRecord(exports) && Object.keys(exports).some((key) => key.startsWith('.'));
  if (!isMap) return subpath === '.' ? relativeTarget(pick(exports, kind)) : undefined;
  return relativeTarget(match(exports, subpath, kind));
}

/** The file or package that `imports` gives for `#name`. */
export function importTarget(imports: unknown, specifier: string, kind: Kind): string | undefined {
  if (!isRecord(imports) || specifier === '#' || specifier.startsWith('#/')) return undefined;
  const target = match(imports, specifier, kind);
  return target?.startsWith('../') === true ? undefined : target;
}

function relativeTarget(target: string | undefined): string | undefined {
  return target?.startsWith('./') === true ? target : undefined;
}

function match(map: Record<string, unknown>, key: string, kind: Kind): string | undefined {
  if (Object.hasOwn(map, key) && !key.includes('*')) return pick(map[key], kind);
  let best: { prefix: string; suffix: string; value: unknown } | undefined;
  for (const [pattern, value] of Object.entries(map)) {
    const star = pattern.indexOf('*');
    if (star < 0) continue;
    const prefix = pattern.slice(0, star);
    const suffix = pattern.slice(star + 1);
    const fits = key.startsWith(prefix) && key.endsWith(suffix) && key.length > prefix.length + suffix.length;
    if (fits && (best === undefined || prefix.length > best.prefix.length)) best = { prefix, suffix, value };
  }
  if (best === undefined) return undefined;
  const middle = key.slice(best.prefix.length, key.length - best.suffix.length);
  const target = pick(best.value, kind)?.replaceAll('*', middle);
  return target?.split('/').includes('..', 1) === true ? undefined : target;
}

/** The first condition that holds, in the order of the file. */
function pick(target: unknown, kind: Kind, depth = 0): string | undefined {
  if (typeof target === 'string') return target;
  if (depth > 16) return undefined;
  if (Array.isArray(target)) {
    for (const each of target) {
      const found = pick(each, kind, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isRecord(target)) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    if (!['node', 'default', 'module-sync', kind].includes(condition)) continue;
    const found = pick(value, kind, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
