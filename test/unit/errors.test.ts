import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorTable, PortcullisError } from '../../contracts/errors.ts';

const documented = new Map(
  [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \| (yes|no) \| (\d+) \| .+ \|$/gm)].map(
    ([, code, retryable, exit]) => [code, { retryable: retryable === 'yes', exit: Number(exit) }],
  ),
);

test('every error code has a row in docs/errors.md that says the same, and no row is without a code', () => {
  const table = Object.entries(errorTable).map(([code, { retryable, exit }]) => [code, { retryable, exit }] as const);
  assert.deepEqual(documented, new Map(table));
});

test('an error tells by its code whether to retry', () => {
  assert.equal(new PortcullisError('DISK_FULL', 'full').retryable, true);
  assert.equal(new PortcullisError('CONFIG_INVALID', 'wrong').retryable, false);
});
