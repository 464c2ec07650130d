import type { TestContext } from 'node:test';

/**
 * Skips a test in words where this machine lacks something, told as a sentence; undefined means that nothing is missing.
 * With `CI=true` a missing part is a failure. The caller returns when this is true.
 */
export function cannotRun(t: TestContext, because: string | undefined): because is string {
  if (because === undefined) return false;
  if (process.env['CI'] === 'true') throw new Error(because);
  t.skip(because);
  return true;
}
