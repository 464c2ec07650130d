import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pageBytes } from '../../../gateway/buffer/database.ts';
import Database from 'better-sqlite3';
import { listen } from '../../../gateway/observability/channels.ts';
import { drain, entry, measurement, open, tempDir } from './buffer-fixture.ts';

const notes = {
  name: 'notes',
  migrations: ['CREATE TABLE notes (name TEXT PRIMARY KEY, body TEXT) STRICT'],
  statements: { put: 'INSERT INTO notes VALUES (?, ?)', all: 'SELECT * FROM notes ORDER BY name' },
};

const commits = 60;
const perCommit = 20;

/** A data folder as a crash leaves it: a database, its write-ahead log, and nothing closed. */
async function crashedDir(t: TestContext, { checkpointed = false } = {}): Promise<string> {
  const dir = await tempDir(t);
  const live = join(dir, 'live');
  const buffer = await open(t, live, { tables: [notes] });
  for (let i = 0; i < commits; i++) {
    const records = Array.from({ length: perCommit }, (_, k) => measurement(`d${k % 3}`, i * perCommit + k));
    await buffer.append({
      ...entry(...records),
      writes: [{ statement: 'notes.put', params: [`n${i}`, 'x'.repeat(200)] }],
    });
  }
  if (checkpointed) await buffer[Symbol.asyncDispose]();
  const crashed = join(dir, 'crashed');
  await mkdir(crashed);
  for (const name of await readdir(live)) {
    if (name.startsWith('portcullis.db')) await cp(join(live, name), join(crashed, name));
  }
  await buffer[Symbol.asyncDispose]();
  return crashed;
}

async function change(file: string, edit: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(file);
  edit(bytes);
  await rm(file);
  const into = Buffer.from(bytes);
  await writeFile(file, into);
}

const database = (dir: string): string => join(dir, 'portcullis.db');

const garbage = (bytes: Buffer): void => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7919) % 251;
};

/** Opens what is left, and says what was delivered from it. The books must balance whatever happened. */
async function survive(
  t: TestContext,
  dir: string,
): Promise<{ delivered: number; lost: number; alarms: string[]; rows: number }> {
  const alarms: string[] = [];
  using _ = listen('alarm', (alarm) => void (alarm.active && alarms.push(alarm.code)));
  const buffer = await open(t, dir, { tables: [notes] });
  const values: string[] = [];
  // Damage that is found while reading costs one answer; the writer starts again on the salvaged file.
  for (let tries = 0; tries < 3; tries++) {
    try {
      values.push(...(await drain(buffer)));
      break;
    } catch (error) {
      assert.equal((error as { code: string }).code, 'STORE_FAILED');
    }
  }
  assert.equal(new Set(values).size, values.length, 'no record comes twice');
  await buffer.append(entry(measurement('after', 1)));
  assert.deepEqual(await drain(buffer), ['after 1']);
  await buffer.append(entry());
  const ledger = await buffer.ledger();
  assert.ok(ledger.balanced, JSON.stringify(ledger.sinks));
  assert.ok((await buffer.check()).ok);
  return {
    delivered: values.length,
    lost: ledger.sinks[0]?.evicted ?? 0,
    alarms,
    rows: (await buffer.read('notes.all', [])).length,
  };
}

const total = commits * perCommit;

test('an undamaged folder after a crash gives everything back, without an alarm', async (t) => {
  assert.deepEqual(await survive(t, await crashedDir(t)), { delivered: total, lost: 0, alarms: [], rows: commits });
});

test('a missing shared-memory file is no damage', async (t) => {
  const dir = await crashedDir(t);
  await rm(`${database(dir)}-shm`);
  assert.equal((await survive(t, dir)).delivered, total);
});

test('a truncated database is salvaged and what is missing is counted', async (t) => {
  const dir = await crashedDir(t, { checkpointed: true });
  await truncate(database(dir), 20 * pageBytes);
  const { delivered, lost, alarms } = await survive(t, dir);
  assert.deepEqual(alarms, ['buffer-corrupt']);
  assert.ok(delivered > 0 && delivered < total);
  assert.ok(lost <= total - delivered);
});

test('a format number in the header that SQLite does not know costs no record', async (t) => {
  const dir = await crashedDir(t, { checkpointed: true });
  await change(database(dir), (bytes) => void bytes.writeUInt32BE(9, 44));
  const { delivered, alarms } = await survive(t, dir);
  assert.equal(delivered, commits * perCommit);
  assert.deepEqual(alarms, ['buffer-corrupt']);
});

test('a batch that is found by its checksum and fits no column costs itself alone', async (t) => {
  const dir = await crashedDir(t, { checkpointed: true });
  await change(database(dir), (bytes) => {
    garbage(bytes.subarray(0, 100));
    const classes = '{"telemetry":20}';
    const text = bytes.lastIndexOf(classes);
    // Between its type in the header of the row and the text there are the other types and six numbers.
    const type = bytes.indexOf(13 + 2 * classes.length, text - 40);
    assert.ok(type < text);
    // A text becomes a blob of the same length (SQLite, "Database File Format", section 2.1).
    bytes[type] = 12 + 2 * classes.length;
  });
  const { delivered, alarms } = await survive(t, dir);
  assert.equal(delivered, (commits - 1) * perCommit);
  assert.deepEqual(alarms, ['buffer-corrupt']);
});

test('a garbage header costs no record: batches are found by their checksums', async (t) => {
  const dir = await crashedDir(t, { checkpointed: true });
  await change(database(dir), (bytes) => garbage(bytes.subarray(0, pageBytes)));
  const { delivered, alarms } = await survive(t, dir);
  assert.deepEqual(alarms, ['buffer-corrupt']);
  assert.equal(delivered, total);
  assert.equal((await readdir(join(dir, 'quarantine'))).length, 1);
});

test('a garbage write-ahead log loses no batch whose page is still readable', async (t) => {
  const dir = await crashedDir(t);
  await change(`${database(dir)}-wal`, (bytes) => garbage(bytes.subarray(0, 32)));
  const { delivered, alarms } = await survive(t, dir);
  assert.deepEqual(alarms, ['buffer-corrupt']);
  assert.equal(delivered, total);
});

test('one flipped bit amid the write-ahead log hides no commit that followed it', async (t) => {
  const dir = await crashedDir(t);
  await change(`${database(dir)}-wal`, (bytes) => {
    const at = Math.floor(bytes.length / 3);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  });
  const { delivered, alarms } = await survive(t, dir);
  assert.deepEqual(alarms, ['buffer-corrupt']);
  assert.ok(delivered >= total - perCommit, `${delivered} of ${total}`);
});

test('a commit that a power cut tore is no damage: it was never acknowledged', async (t) => {
  const dir = await crashedDir(t);
  await change(`${database(dir)}-wal`, (bytes) => {
    const at = bytes.length - pageBytes / 2;
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  });
  const { delivered, alarms } = await survive(t, dir);
  assert.deepEqual([delivered, alarms], [total - perCommit, []]);
});

test('a truncated write-ahead log opens at the last whole commit', async (t) => {
  const dir = await crashedDir(t);
  const bytes = await readFile(`${database(dir)}-wal`);
  await truncate(`${database(dir)}-wal`, Math.floor(bytes.length / 2));
  const { delivered } = await survive(t, dir);
  assert.ok(delivered > 0 && delivered < total);
});

test('a database full of zeros starts empty and says so', async (t) => {
  const dir = await crashedDir(t, { checkpointed: true });
  await change(database(dir), (bytes) => bytes.fill(0));
  const { delivered, alarms } = await survive(t, dir);
  assert.deepEqual([delivered, alarms], [0, ['buffer-corrupt']]);
});

test('a database of no bytes beside its log costs no record of the log', async (t) => {
  const dir = await crashedDir(t);
  await truncate(database(dir), 0);
  const { delivered, alarms } = await survive(t, dir);
  assert.deepEqual([delivered, alarms], [total, ['buffer-corrupt']]);
});

test('after a crash amid the swap, the log of the damaged database is not played into the salvaged one', async (t) => {
  const [damaged, salvaged] = [await crashedDir(t), await crashedDir(t, { checkpointed: true })];
  const buffer = await open(t, salvaged, { tables: [notes] });
  await buffer.append(entry(measurement('d0', total)));
  await buffer[Symbol.asyncDispose]();
  await rename(database(salvaged), join(salvaged, 'portcullis.salvaged.db'));
  await cp(`${database(damaged)}-wal`, `${database(salvaged)}-wal`);
  const { delivered, alarms } = await survive(t, salvaged);
  assert.deepEqual([delivered, alarms], [total + 1, []]);
});

/** Pages of the log's leaves in the order of their rows. */
function leavesOf(dir: string): { leaves: number[]; root: number } {
  const db = new Database(database(dir), { readonly: true });
  const leaves = db
    .prepare<[], { pageno: number }>(
      "SELECT pageno FROM dbstat WHERE name = 'batches' AND pagetype = 'leaf' ORDER BY path",
    )
    .all();
  const root = db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'batches'").pluck().get() as number;
  db.close();
  return { leaves: leaves.map(({ pageno }) => pageno), root };
}

const pageIn = (bytes: Buffer, page: number): Buffer => bytes.subarray((page - 1) * pageBytes, page * pageBytes);

/** Each page is whole, so that nothing is wrong but the order of the rows. */
const misplacings: Readonly<Record<string, (bytes: Buffer, leaves: readonly number[], root: number) => void>> = {
  'the root is swapped with the last page': (bytes, leaves, root) => swap(bytes, root, leaves.at(-1) ?? 0),
  'the root is swapped with a page in the middle': (bytes, leaves, root) => swap(bytes, root, leaves[10] ?? 0),
  'two pages far apart are swapped': (bytes, leaves) => swap(bytes, leaves[5] ?? 0, leaves[20] ?? 0),
  'two pages side by side are swapped': (bytes, leaves) => swap(bytes, leaves[5] ?? 0, leaves[6] ?? 0),
  'the last page is swapped with an earlier one': (bytes, leaves) => swap(bytes, leaves[5] ?? 0, leaves.at(-1) ?? 0),
  'a page is a copy of an earlier one': (bytes, leaves) =>
    void pageIn(bytes, leaves[5] ?? 0).copy(pageIn(bytes, leaves[20] ?? 0)),
  'a page is a copy of a later one': (bytes, leaves) =>
    void pageIn(bytes, leaves[20] ?? 0).copy(pageIn(bytes, leaves[5] ?? 0)),
};

function swap(bytes: Buffer, one: number, other: number): void {
  const kept = Buffer.from(pageIn(bytes, one));
  pageIn(bytes, other).copy(pageIn(bytes, one));
  kept.copy(pageIn(bytes, other));
}

for (const [name, misplace] of Object.entries(misplacings)) {
  test(`the log passes over no record without a word: ${name}`, async (t) => {
    const dir = await crashedDir(t, { checkpointed: true });
    const { leaves, root } = leavesOf(dir);
    assert.ok(leaves.length > 21, `${leaves.length} leaves`);
    await change(database(dir), (bytes) => misplace(bytes, leaves, root));
    const { delivered, lost, alarms } = await survive(t, dir);
    assert.ok(alarms.includes('buffer-corrupt'));
    assert.equal(delivered + lost, total);
    // What only changed its place is found again.
    if (name.includes('swapped')) assert.equal(lost, 0);
  });
}

test('a wrong schema is moved aside, and its rows are taken over where they fit', async (t) => {
  const dir = await crashedDir(t, { checkpointed: true });
  const db = new Database(database(dir));
  db.exec('ALTER TABLE batches DROP COLUMN classes; DROP TABLE cursors');
  db.close();
  const { alarms, rows } = await survive(t, dir);
  assert.deepEqual(alarms, ['buffer-corrupt']);
  assert.equal(rows, commits);
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`bit flips (seed ${seed}) never stop the gateway, and the books still balance`, async (t) => {
    const dir = await crashedDir(t, { checkpointed: seed % 2 === 0 });
    const file = seed % 2 === 0 ? database(dir) : `${database(dir)}-wal`;
    await change(file, (bytes) => {
      let state = seed * 2654435761;
      for (let i = 0; i < 8 * seed; i++) {
        state = (state * 1103515245 + 12345) % 2 ** 31;
        const at = state % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8));
      }
    });
    await survive(t, dir);
  });
}
