import { PortcullisError } from '../../contracts/errors.ts';
import type { TableSet } from '../../contracts/table-set.ts';
import type { Db } from './database.ts';
import type { BufferOptions } from './options.ts';
import { letterStatements } from './dead-letters.ts';

/**
 * The buffer's own tables, versioned like those of every stage.
 *
 * `batches`: one row per commit and lane; its id is the lane's base plus the first lsn (see log.ts).
 * `journal`: what commits without records changed in ledger and cursors since the last fold (see ledger.ts).
 * `totals`: the folded ledger. `cursors`, `parked`: where each sink stands. `meta`: single numbers and the salt; `sinks`
 * is how many have cursors.
 */
const first = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;
CREATE TABLE boots (boot INTEGER PRIMARY KEY, first_lsn INTEGER NOT NULL, wall_ms INTEGER NOT NULL) STRICT;
CREATE TABLE batches (
  id INTEGER PRIMARY KEY, last_lsn INTEGER NOT NULL, n INTEGER NOT NULL, boot INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL, up_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, classes TEXT NOT NULL,
  devices TEXT NOT NULL, lsns TEXT, notes TEXT, zstd INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE TABLE journal (id INTEGER PRIMARY KEY, notes TEXT NOT NULL) STRICT;
CREATE TABLE totals (
  device TEXT NOT NULL, sink TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (device, sink, what, reason)
) WITHOUT ROWID, STRICT;
CREATE TABLE cursors (
  sink TEXT NOT NULL, lane TEXT NOT NULL, lsn INTEGER NOT NULL, PRIMARY KEY (sink, lane)
) WITHOUT ROWID, STRICT;
CREATE TABLE parked (
  sink TEXT NOT NULL, lane TEXT NOT NULL, lsn INTEGER NOT NULL, device TEXT NOT NULL, hist INTEGER NOT NULL,
  PRIMARY KEY (sink, lane, lsn)
) WITHOUT ROWID, STRICT;
CREATE TABLE outages (
  id INTEGER PRIMARY KEY, sink TEXT NOT NULL, from_lsn INTEGER NOT NULL, to_lsn INTEGER,
  from_wall_ms INTEGER NOT NULL, to_wall_ms INTEGER, from_up_ms INTEGER NOT NULL, to_up_ms INTEGER,
  delivered INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY, sink TEXT NOT NULL, device TEXT NOT NULL, plugin TEXT NOT NULL, topic TEXT NOT NULL,
  code TEXT NOT NULL, detail TEXT NOT NULL, received_ms INTEGER NOT NULL, lsn INTEGER, sample BLOB NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX dead_letters_by_code ON dead_letters (code);
`;

/** How a refused message came (JSON; null where it cannot be taken again), what its sample leaves out, and when it was taken again. */
const replays = `
ALTER TABLE dead_letters ADD COLUMN origin TEXT;
ALTER TABLE dead_letters ADD COLUMN rest BLOB;
ALTER TABLE dead_letters ADD COLUMN replayed_ms INTEGER;
`;

export const bufferSet: TableSet = { name: 'buffer', migrations: [first, replays], statements: letterStatements };

/**
 * Brings every table set to its newest version, each migration in a transaction of its own.
 * A database that is one version ahead is accepted, so that an update can be taken back: a migration must therefore
 * leave the tables usable for the version before it.
 */
export function migrate(db: Db, sets: readonly TableSet[], how: BufferOptions['migrate'] = 'whole'): void {
  db.exec('CREATE TABLE IF NOT EXISTS table_sets (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  const find = db.prepare<[string], { version: number }>('SELECT version FROM table_sets WHERE name = ?');
  const save = db.prepare('INSERT INTO table_sets VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version');
  for (const set of sets) {
    const version = find.get(set.name)?.version ?? 0;
    if (version > set.migrations.length + 1) {
      throw new PortcullisError(
        'STORE_FAILED',
        `Tables of ${set.name} have version ${version}; this program knows ${set.migrations.length}. Install the newer program again.`,
      );
    }
    for (const [index, sql] of set.migrations.entries()) {
      if (index < version) continue;
      const step = (): void => {
        db.exec(sql);
        save.run(set.name, index + 1);
      };
      if (how === 'whole') db.transaction(step).immediate();
      else step();
    }
  }
}
