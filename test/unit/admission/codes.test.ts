import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { violationTable } from '../../../gateway/admission/codes.ts';

test('docs/contracts.md has one row per code, with the words of the table, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/contracts.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `PC-'));
  const wanted = Object.entries(violationTable).map(
    ([code, { means, help }]) => `| \`${code}\` | ${means} | ${help} |`,
  );
  assert.deepEqual(rows, wanted);
});
