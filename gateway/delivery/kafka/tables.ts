import type { TableSet } from '../../../contracts/table-set.ts';

/** `kafka_feeds`: the last id of each feed that is not the log and that Kafka has. */
export const kafkaTables: TableSet = {
  name: 'kafka',
  migrations: ['CREATE TABLE kafka_feeds (feed TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID, STRICT;'],
  statements: {
    last: 'SELECT last FROM kafka_feeds WHERE feed = ?',
    advance: 'INSERT INTO kafka_feeds VALUES (?, ?) ON CONFLICT DO UPDATE SET last = excluded.last',
  },
};
