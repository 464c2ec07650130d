import { ok, warn, type Finding } from './finding.ts';

/** Whether the running release is still supported; one that knows no day was never released. */
export function checkRelease(
  { version, supportedUntil }: { readonly version: string; readonly supportedUntil?: string },
  nowMs: number,
): Finding {
  if (supportedUntil === undefined) return ok('release', `${version} was built for development: nobody supports it`);
  const isOver = new Date(nowMs).toISOString().slice(0, 10) > supportedUntil;
  if (!isOver) return ok('release', `${version} is supported until ${supportedUntil}`);
  return warn(
    'release',
    `${version} is supported until ${supportedUntil}, which is over, unless it is the newest`,
    'Look for a newer release, and install it (docs/install.md, Another release).',
  );
}
