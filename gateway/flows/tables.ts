import type { TableSet } from '../../contracts/table-set.ts';

/**
 * What Node-RED would keep in files. A generation is a whole deploy, flows and credentials in one row, so that the disk has
 * one or the other and never half of it. Broken contexts move to a table of their own, for whoever wants to look.
 */
export const flowsTables: TableSet = {
  name: 'flows',
  migrations: [
    `CREATE TABLE flows_generations (
       n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, by TEXT NOT NULL, flows TEXT NOT NULL, credentials TEXT NOT NULL
     ) STRICT;
     CREATE TABLE flows_documents (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE flows_library (
       type TEXT NOT NULL, path TEXT NOT NULL, meta TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (type, path)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE flows_context (scope TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE flows_quarantine (
       scope TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, why TEXT NOT NULL, json TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;`,
  ],
  statements: {
    latest: 'SELECT n, at_ms, by, flows, credentials FROM flows_generations ORDER BY n DESC LIMIT 1 OFFSET ?',
    one: 'SELECT n, at_ms, by, flows, credentials FROM flows_generations WHERE n = ?',
    generations: `SELECT n, at_ms, by, length(CAST(flows AS BLOB)) AS bytes FROM flows_generations ORDER BY n DESC LIMIT ?`,
    add: `INSERT INTO flows_generations (at_ms, by, flows, credentials) VALUES (?, ?, ?, ?)`,
    trim: `DELETE FROM flows_generations WHERE n <= (SELECT max(n) FROM flows_generations) - ?`,
    document: 'SELECT json FROM flows_documents WHERE name = ?',
    putDocument: 'INSERT INTO flows_documents VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json',
    library: 'SELECT path, meta, body FROM flows_library WHERE type = ? ORDER BY path LIMIT ?',
    libraryCount: 'SELECT count(*) AS n FROM flows_library',
    putLibrary: `INSERT INTO flows_library VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET meta = excluded.meta, body = excluded.body`,
    contexts: 'SELECT scope, json FROM flows_context ORDER BY scope LIMIT ?',
    contextSize: 'SELECT count(*) AS n, coalesce(sum(length(json)), 0) AS chars FROM flows_context WHERE scope <> ?',
    putContext: 'INSERT INTO flows_context VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json',
    dropContext: 'DELETE FROM flows_context WHERE scope = ?',
    quarantine: `INSERT OR REPLACE INTO flows_quarantine
      SELECT scope, ?, ?, json FROM flows_context WHERE scope = ?`,
  },
};
