import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { pageBytes } from '../../../gateway/buffer/database.ts';
import { ledgerBeyondLog } from '../../../gateway/buffer/ledger-against-log.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { drain, entry, measurement, open, tempDir } from './buffer-fixture.ts';

/** Tables of a stage: some that stay empty, of either form that SQLite has, and one with a row. */
const spare = {
  name: 'spare',
  migrations: [
    `CREATE TABLE spare_rows (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL) STRICT;
     CREATE TABLE spare_words (a TEXT NOT NULL, b TEXT NOT NULL, c INTEGER NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID, STRICT;
     CREATE TABLE spare_values (key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;
     CREATE TABLE notes (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT`,
  ],
  statements: { put: 'INSERT INTO notes VALUES (?, ?)', all: 'SELECT * FROM notes' },
};
const records = 200;

/** The file of a gateway that ended in order with all records waiting, after `edit`. */
async function edited(t: TestContext, edit: (file: string) => void): Promise<string> {
  const dir = await tempDir(t);
  const buffer = await open(t, dir, { tables: [spare] });
  for (let i = 0; i < records; i++) await buffer.append(entry(measurement('d', i)));
  await buffer.write([{ statement: 'spare.put', params: ['kept', 'x'] }]);
  await buffer[Symbol.asyncDispose]();
  edit(join(dir, 'portcullis.db'));
  return dir;
}

function onDatabase<T>(file: string, run: (db: Database.Database) => T): T {
  const db = new Database(file);
  try {
    return run(db);
  } finally {
    db.close();
  }
}

const swapRoots =
  (one: string, other: string) =>
  (file: string): void => {
    const rootOf = (table: string): number =>
      onDatabase(
        file,
        (db) =>
          db.prepare<[string], { rootpage: number }>('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)
            ?.rootpage ?? 0,
      );
    const bytes = readFileSync(file);
    const page = (number: number): Buffer => bytes.subarray((number - 1) * pageBytes, number * pageBytes);
    const [a, b] = [page(rootOf(one)), page(rootOf(other))];
    const kept = Buffer.from(a);
    b.copy(a);
    kept.copy(b);
    writeFileSync(file, bytes);
    assert.equal(
      onDatabase(file, (db) => db.pragma('quick_check', { simple: true })),
      'ok',
      'SQLite finds nothing',
    );
  };

const swaps = [
  ['cursors', 'spare_words'],
  ['meta', 'spare_values'],
  ['boots', 'spare_rows'],
  ['batches', 'spare_rows'],
] as const;

for (const [table, empty] of swaps) {
  test(`${table} that changed places with an empty table costs no record, and is told`, async (t) => {
    const dir = await edited(t, swapRoots(table, empty));
    const told: string[] = [];
    using _ = listen('alarm', ({ active, code }) => void (active && told.push(code)));
    const buffer = await open(t, dir, { tables: [spare] });
    assert.deepEqual(told, ['buffer-corrupt']);
    assert.equal(new Set(await drain(buffer)).size, records);
    assert.ok((await buffer.check()).ok);
    await buffer[Symbol.asyncDispose]();
    // The next start finds nothing to mend.
    await open(t, dir, { tables: [spare] });
    assert.deepEqual(told, ['buffer-corrupt']);
  });
}

const schemas: Readonly<Record<string, string>> = {
  'the version of a stage’s tables is lost': "DELETE FROM table_sets WHERE name = 'spare'",
  'a column of a stage’s table has another name': 'ALTER TABLE notes RENAME COLUMN body TO bodz',
};

for (const [name, sql] of Object.entries(schemas)) {
  test(`${name}: the gateway starts, and no record is lost`, async (t) => {
    const dir = await edited(t, (file) => onDatabase(file, (db) => void db.exec(sql)));
    const buffer = await open(t, dir, { tables: [spare] });
    assert.equal((await drain(buffer)).length, records);
    await buffer.write([{ statement: 'spare.put', params: ['after', 'x'] }]);
  });
}

test('a sink that comes or goes with the configuration is no damage', async (t) => {
  const dir = await edited(t, () => undefined);
  const told: string[] = [];
  using _ = listen('alarm', ({ active, code }) => void (active && told.push(code)));
  for (const sinks of [['cloud', 'kafka'], ['kafka'], [], ['cloud']]) {
    const buffer = await open(t, dir, { tables: [spare], sinks });
    await buffer[Symbol.asyncDispose]();
  }
  assert.deepEqual(told, []);
});

test('the ends of the log are enough to see that a leaf stands in the place of its root', async (t) => {
  const dir = await edited(t, () => undefined);
  const file = join(dir, 'portcullis.db');
  assert.equal(onDatabase(file, ledgerBeyondLog), undefined);
  const pages = onDatabase(file, (db) =>
    db
      .prepare<[], { pageno: number; pagetype: string }>("SELECT pageno, pagetype FROM dbstat WHERE name = 'batches'")
      .all(),
  );
  const root = pages.find(({ pagetype }) => pagetype === 'internal')?.pageno ?? 0;
  const leaves = pages.filter(({ pagetype }) => pagetype === 'leaf').map(({ pageno }) => pageno);
  assert.ok(leaves.length > 5, `${leaves.length} leaves`);
  const bytes = readFileSync(file);
  const at = (number: number): readonly [number, number] => [(number - 1) * pageBytes, number * pageBytes];
  for (const leaf of leaves) {
    const changed = Buffer.from(bytes);
    bytes.copy(changed, at(root)[0], ...at(leaf));
    bytes.copy(changed, at(leaf)[0], ...at(root));
    writeFileSync(file, changed);
    assert.match(
      onDatabase(file, ledgerBeyondLog) ?? '',
      /^the ledger holds 200 records for cloud, the log has room for/,
    );
  }
});
