import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { leaveEnglish } from '../../scripts/one-language.mjs';

const program = `
import { z } from 'zod';
console.log(JSON.stringify([Object.keys(z.locales), z.string().safeParse(1).error.issues[0].message]));
`;

test('zod is left with one language, and says in it what is wrong', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-one-language-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const modules = join(folder, 'node_modules');
  cpSync(join(import.meta.dirname, '../../node_modules/zod'), join(modules, 'zod'), { recursive: true });
  for (let time = 0; time < 2; time += 1) {
    leaveEnglish(modules);
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    assert.deepEqual(JSON.parse(said.toString()), [['en'], 'Invalid input: expected string, received number']);
  }
});
