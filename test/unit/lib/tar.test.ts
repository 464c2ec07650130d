import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { tarOf } from '../../../gateway/lib/tar.ts';

test('tar reads the archive: names, sizes and contents', () => {
  const files = [
    { name: 'a.txt', content: 'ä'.repeat(400) },
    { name: 'empty.json', content: '' },
    { name: 'b.txt', content: 'x'.repeat(512) },
  ];
  const input = tarOf(files, Date.UTC(2026, 10, 21));
  const list = execFileSync('tar', ['-tvf', '-', '--utc'], { input }).toString();
  assert.match(list, /800 2026-11-21 00:00 a\.txt\n.* 0 .* empty\.json\n.* 512 .* b\.txt\n$/);
  for (const { name, content } of files)
    assert.equal(execFileSync('tar', ['-xOf', '-', name], { input }).toString(), content);
});
