import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const program = `import { codeCache } from '${join(import.meta.dirname, '../../../gateway/lib/code-cache.ts')}';
console.log(JSON.stringify(codeCache()));`;

const given = (env: Record<string, string>): unknown =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { env, encoding: 'utf8' }));

test('children of a gateway get the folder of compiled code that it has itself, and nothing else', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-code-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.deepEqual(given({ NODE_COMPILE_CACHE: folder, SECRET: 's' }), { NODE_COMPILE_CACHE: folder });
  assert.deepEqual(given({ SECRET: 's' }), {});
});
