import type { TableSet } from '../../contracts/table-set.ts';

/** Answers to writes that carried an `Idempotency-Key`; `n` is their order. Bodies are sealed, see `replays.ts`. */
export const apiTables: TableSet = {
  name: 'api',
  migrations: [
    `CREATE TABLE api_answers (
       n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, sealed BLOB
     ) STRICT;`,
  ],
  statements: {
    answer: 'SELECT fingerprint, sealed FROM api_answers WHERE id = ?',
    begin: 'INSERT INTO api_answers (id, fingerprint) VALUES (?, ?)',
    keep: 'UPDATE api_answers SET sealed = ? WHERE id = ?',
    forget: 'DELETE FROM api_answers WHERE id = ?',
    trim: 'DELETE FROM api_answers WHERE n <= (SELECT max(n) FROM api_answers) - ?',
  },
};
