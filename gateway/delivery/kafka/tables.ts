import type { TableSet } from '../../../contracts/table-set.ts';

/** `kafka_feeds`: the last id of each feed that is not the log and that Kafka has; `kafka_refused`: commands that never began. */
export const kafkaTables: TableSet = {
  name: 'kafka',
  migrations: [
    'CREATE TABLE kafka_feeds (feed TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID, STRICT;',
    'CREATE TABLE kafka_refused (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;',
  ],
  statements: {
    last: 'SELECT last FROM kafka_feeds WHERE feed = ?',
    advance: 'INSERT INTO kafka_feeds VALUES (?, ?) ON CONFLICT DO UPDATE SET last = excluded.last',
    findRefused: 'SELECT n FROM kafka_refused WHERE id = ?',
    refuse: 'INSERT INTO kafka_refused (id) VALUES (?) ON CONFLICT DO NOTHING',
    trimRefused: 'DELETE FROM kafka_refused WHERE n <= (SELECT max(n) - ? FROM kafka_refused)',
  },
};
