import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('every test that docs/security.md names is there', async () => {
  const text = await readFile(join(root, 'docs/security.md'), 'utf8');
  const rows = [...text.matchAll(/\| `(test\/[^`]+)`: (.+) \|$/gm)];
  assert.ok(rows.length >= 20, `${rows.length} rows`);
  for (const [, file = '', name = ''] of rows) {
    const source = await readFile(join(root, file), 'utf8');
    assert.ok(source.includes(`test('${name}'`) || source.includes(`test("${name}"`), `${file} has no test "${name}"`);
  }
});

test('no certificate goes unchecked: nothing switches the verification off', async () => {
  const folders = '{gateway,plugins,contracts,simulator,systemd,scripts,bench,test}';
  const sources = globSync(`${folders}/**/*.{ts,tsx,mjs,js,service,sh}`, {
    cwd: root,
    // It names what it looks for.
    exclude: ['test/unit/security-table.test.ts'],
  });
  assert.ok(sources.length > 500, `${sources.length} files`);
  for (const file of sources) {
    const source = await readFile(join(root, file), 'utf8');
    assert.doesNotMatch(source, /rejectUnauthorized\W+(?!true\b)\w/, file);
    assert.doesNotMatch(source, /NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity\s*[:=]/, file);
  }
});
