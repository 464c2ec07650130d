import type { TableSet } from '../../contracts/table-set.ts';

/** What the stage must find again after a power cut: knowledge of the plugins, counter series, open windows. */
export const ingestTables: TableSet = {
  name: 'ingest',
  migrations: [
    `CREATE TABLE ingest_knowledge (
       plugin TEXT NOT NULL,
       key TEXT NOT NULL,
       json TEXT NOT NULL,
       PRIMARY KEY (plugin, key)
     ) STRICT;
     CREATE TABLE ingest_series (
       device TEXT NOT NULL,
       metric TEXT NOT NULL,
       start INTEGER NOT NULL,
       last REAL NOT NULL,
       PRIMARY KEY (device, metric)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE ingest_window (
       device TEXT NOT NULL,
       metric TEXT NOT NULL,
       json TEXT NOT NULL,
       PRIMARY KEY (device, metric)
     ) STRICT, WITHOUT ROWID;`,
    'ALTER TABLE ingest_knowledge ADD COLUMN owner TEXT;',
  ],
  statements: {
    knowledge: 'SELECT plugin, key, json, owner FROM ingest_knowledge ORDER BY rowid',
    know: `INSERT INTO ingest_knowledge (plugin, key, json, owner) VALUES (?, ?, ?, ?)
           ON CONFLICT (plugin, key) DO UPDATE SET json = excluded.json, owner = excluded.owner`,
    forget: 'DELETE FROM ingest_knowledge WHERE plugin = ? AND key = ?',
    series: 'SELECT device, metric, start, last FROM ingest_series',
    saveSeries: `INSERT INTO ingest_series (device, metric, start, last) VALUES (?, ?, ?, ?)
                 ON CONFLICT (device, metric) DO UPDATE SET start = excluded.start, last = excluded.last`,
    dropSeries: 'DELETE FROM ingest_series WHERE device = ? AND metric = ?',
    dropDeviceSeries: 'DELETE FROM ingest_series WHERE device = ?',
    dropDeviceWindows: 'DELETE FROM ingest_window WHERE device = ?',
    windows: 'SELECT device, metric, json FROM ingest_window',
    saveWindow: `INSERT INTO ingest_window (device, metric, json) VALUES (?, ?, ?)
                 ON CONFLICT (device, metric) DO UPDATE SET json = excluded.json`,
    dropWindow: 'DELETE FROM ingest_window WHERE device = ? AND metric = ?',
  },
};
