import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workplace } from './targets.ts';

/** How long a release is supported in any case, as SECURITY.md promises. */
const supportMonths = 6;

/** Writes into what ships until which day it is supported; the sums of the release are signed over it. */
export function stampSupport({ tree, epoch }: Pick<Workplace, 'tree' | 'epoch'>): void {
  const file = join(tree, 'app/package.json');
  const until = new Date(epoch * 1_000);
  until.setUTCMonth(until.getUTCMonth() + supportMonths);
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(
    file,
    `${JSON.stringify({ ...manifest, supportedUntil: until.toISOString().slice(0, 10) }, null, 2)}\n`,
  );
}
