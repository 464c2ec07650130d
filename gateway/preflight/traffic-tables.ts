import type { TableSet } from '../../contracts/table-set.ts';

/** Room for packed samples; the oldest periods go first. By size and order, because wall time may jump. */
const keptBytes = 2 * 1024 * 1024;
const keptPeriods = 200;

/** A copy of recent messages, one row per period, each a packed list of samples. */
export const trafficTables: TableSet = {
  name: 'traffic',
  migrations: [`CREATE TABLE traffic_period (id INTEGER PRIMARY KEY, samples BLOB NOT NULL) STRICT;`],
  statements: {
    save: 'INSERT INTO traffic_period (samples) VALUES (?)',
    prune: `DELETE FROM traffic_period WHERE id <= (
              SELECT coalesce(max(id), 0) FROM (
                SELECT id, sum(length(samples)) OVER newest AS bytes, count(*) OVER newest AS periods
                FROM traffic_period WINDOW newest AS (ORDER BY id DESC)
              ) WHERE bytes > ${keptBytes} OR periods > ${keptPeriods})`,
    all: 'SELECT samples FROM traffic_period ORDER BY id',
  },
};
