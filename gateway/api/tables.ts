import type { TableSet } from '../../contracts/table-set.ts';

/** Answers to writes that carried an `Idempotency-Key`, sealed (see `replays.ts`), and ids of messages that were published; `n` is their order. */
export const apiTables: TableSet = {
  name: 'api',
  migrations: [
    `CREATE TABLE api_answers (
       n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, sealed BLOB
     ) STRICT;`,
    `CREATE TABLE api_published (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;`,
  ],
  statements: {
    answer: 'SELECT fingerprint, sealed FROM api_answers WHERE id = ?',
    begin: 'INSERT INTO api_answers (id, fingerprint) VALUES (?, ?)',
    keep: 'UPDATE api_answers SET sealed = ? WHERE id = ?',
    forget: 'DELETE FROM api_answers WHERE id = ?',
    published: 'SELECT 1 FROM api_published WHERE id = ?',
    addId: 'INSERT OR IGNORE INTO api_published (id) VALUES (?)',
    trimIds: 'DELETE FROM api_published WHERE n <= (SELECT max(n) FROM api_published) - ?',
    trim: 'DELETE FROM api_answers WHERE n <= (SELECT max(n) FROM api_answers) - ?',
  },
};
