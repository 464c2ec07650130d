import type { TableSet } from '../../../contracts/table-set.ts';

/** What pulse counters counted. A row is written in the transaction of the message that reports it. */
export const gpioTables: TableSet = {
  name: 'gpio',
  migrations: [
    'CREATE TABLE gpio_counts (line TEXT PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;',
  ],
  statements: {
    counts: 'SELECT line, count, since FROM gpio_counts',
    // A report that had to wait may commit after a later one.
    keep: 'INSERT INTO gpio_counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = max(count, excluded.count)',
  },
};
