import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/**
 * The one variable that processes and threads of the gateway's own are given, where this process has it: the folder in
 * which Node keeps compiled code. It is set by whoever starts a gateway a hundred times, as the tests do; no gateway has one.
 */
export function codeCache(): Record<string, string> {
  // Node answers with its own folder below the one that was named.
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
