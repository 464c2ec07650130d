import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')];

test('every link to a file of the repository leads somewhere', () => {
  for (const page of pages) {
    for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      const path = join(dirname(page), target);
      assert.ok(existsSync(path), `${page}: ${target}`);
    }
  }
});

test('every file and table that the architecture names is there', () => {
  const page = readFileSync('docs/architecture.md', 'utf8');
  const sources = globSync('{gateway,contracts}/**/*.ts');
  for (const [, file = ''] of page.matchAll(/([\w/-]+\.ts)\b/g)) {
    assert.ok(
      sources.some((source) => source.endsWith(`/${file}`)),
      file,
    );
  }
  const schemas = sources.map((source) => readFileSync(source, 'utf8')).join('\n');
  const rows = page.split('\n').filter((line) => /^\| `\w+`.* \| `.+\.ts` \|/.test(line));
  const tables = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );
  assert.ok(tables.length > 15);
  for (const table of tables) assert.match(schemas, new RegExp(`CREATE TABLE \\w*${table} \\(`), table);
});

test('every decision has its line in the index, a date, a decision, a fact and what was rejected', () => {
  const index = readFileSync('docs/decisions/README.md', 'utf8');
  for (const path of globSync('docs/decisions/0*.md')) {
    const page = readFileSync(path, 'utf8');
    const [, number, title] = /^# (\d{4}) (.+)$/m.exec(page) ?? [];
    assert.ok(
      index.includes(`- [${number}](${path.slice('docs/decisions/'.length)}) ${title}\n`),
      `${path} needs its line in README.md`,
    );
    assert.match(page, /^\d{4}-\d\d-\d\d, (accepted|replaced by \d{4})\.$/m, path);
    for (const part of ['Decision', 'Fact', 'Rejected'])
      assert.ok(page.includes(`\n**${part}.** `), `${path}: ${part}`);
  }
});
