import type { TableSet } from '../../contracts/table-set.ts';

/**
 * `history_series`: each metric that history has of a device; a text, a number and a boolean of one name are three.
 * `history_blocks`: compressed samples (tier 0) and roll-ups of five minutes (1) and an hour (2), of the devices of one
 * shard; `up_ms` is gateway uptime at the write. `history_marks`: single numbers: up to where the log was taken, up to
 * which block a tier was rolled up, up to when blocks of a tier were dropped.
 */
export const historyTables: TableSet = {
  name: 'history',
  migrations: [
    `CREATE TABLE history_series (
       id INTEGER PRIMARY KEY, device TEXT NOT NULL, metric TEXT NOT NULL, type TEXT NOT NULL, unit TEXT NOT NULL,
       counter INTEGER NOT NULL, heard_up_ms INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX history_series_of ON history_series (device, metric);
     CREATE TABLE history_blocks (
       id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, shard INTEGER NOT NULL, from_ms INTEGER NOT NULL,
       to_ms INTEGER NOT NULL, up_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, data BLOB NOT NULL
     ) STRICT;
     CREATE INDEX history_blocks_of ON history_blocks (tier, id, shard, from_ms, to_ms, up_ms, bytes);
     CREATE TABLE history_marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;`,
  ],
  statements: {
    marks: 'SELECT name, value FROM history_marks',
    mark: 'INSERT INTO history_marks VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    seriesOf: 'SELECT id, metric, type, unit, counter FROM history_series WHERE device = ? ORDER BY id LIMIT 1000',
    seriesNamed: 'SELECT id, type, unit, counter FROM history_series WHERE device = ? AND metric = ? ORDER BY id',
    seriesCount: 'SELECT count(*) AS n FROM history_series',
    addSeries: 'INSERT INTO history_series VALUES (?, ?, ?, ?, ?, ?, ?)',
    heard: 'UPDATE history_series SET heard_up_ms = ? WHERE id = ? AND heard_up_ms < ?',
    unheard: 'SELECT id FROM history_series WHERE heard_up_ms < ?',
    dropUnheard: 'DELETE FROM history_series WHERE heard_up_ms < ?',
    forget: 'DELETE FROM history_series WHERE device = ?',
    addBlock:
      'INSERT INTO history_blocks (tier, shard, from_ms, to_ms, up_ms, bytes, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    blocksIn: `SELECT id FROM history_blocks
               WHERE tier = ? AND id > ? AND id <= ? AND shard = ? AND to_ms >= ? AND from_ms < ? ORDER BY id LIMIT ?`,
    blocksAfter: 'SELECT id FROM history_blocks WHERE tier = ? AND id > ? AND shard = ? ORDER BY id LIMIT ?',
    block: 'SELECT data FROM history_blocks WHERE id = ?',
    newest: 'SELECT max(id) AS id FROM history_blocks',
    newestOf: 'SELECT id FROM history_blocks WHERE tier = 0 AND shard = ? ORDER BY id DESC LIMIT 1',
    sizes:
      'SELECT tier, sum(bytes) AS bytes, count(*) AS blocks, min(from_ms) AS since FROM history_blocks GROUP BY tier',
    oldest: 'SELECT id, shard, to_ms, up_ms, bytes FROM history_blocks WHERE tier = ? ORDER BY id LIMIT ?',
    dropBlock: 'DELETE FROM history_blocks WHERE id = ?',
  },
};
