import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const sources = globSync('gateway/**/*.ts').map((path) => readFileSync(path, 'utf8'));
const found = (pattern: RegExp): Set<string> =>
  new Set(sources.flatMap((source) => [...source.matchAll(pattern)].map(([, name = '']) => name)));
/** The words in backquotes of the first column of a table. */
const firstColumn = (page: string, heading: string): Set<string> => {
  const section = readFileSync(page, 'utf8').split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').flatMap((line) => (line.startsWith('| `') ? (line.split('|')[1] ?? '') : []));
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)));
};

test('every condition that the gateway tells of itself is in docs/alarms.md, and no other', () => {
  const told = new Set([
    ...found(/tell\('alarm', \{\s*code: '([\w-]+)'/g),
    ...found(/alarm: \{\s*code: '([\w-]+)'/g),
    ...found(/alarmCode = '([\w-]+)'/g),
    'RULE_SUSPENDED',
    'COMMAND_NOT_DONE',
  ]);
  assert.ok(told.size > 30, `${told.size}`);
  assert.deepEqual(firstColumn('docs/alarms.md', '## What the gateway tells of itself'), told);
});

test('every metric is in docs/metrics.md, and no other', () => {
  const shown = [...found(/\b(?:gauge|counter)\(\s*'([a-z_]+)'/g), ...found(/name: 'portcullis_([a-z_]+)'/g)].map(
    (name) => (name.startsWith('p') && /^(process|portcullis)_/.test(name) ? name : `portcullis_${name}`),
  );
  assert.ok(shown.length > 25, `${shown.length}`);
  assert.deepEqual(firstColumn('docs/metrics.md', '## What is counted'), new Set(shown));
});
