import type { TwinChange } from '../../contracts/twin.ts';
import type { SqlRow, TableSet, Write } from '../../contracts/table-set.ts';
import type { Reported, Twin, Wish } from './twin.ts';

/**
 * One row per twin, so that a message that changes several metrics writes one page. `twin_history` is in the order of a
 * device's changes; `twin_floor` is the highest version that a deleted twin had.
 */
export const twinTables: TableSet = {
  name: 'twin',
  migrations: [
    `CREATE TABLE twins (device TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE twin_history (
       device TEXT NOT NULL, n INTEGER NOT NULL, at_ms INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (device, n)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE twin_floor (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT;`,
  ],
  statements: {
    all: 'SELECT device, json FROM twins',
    one: 'SELECT device, json FROM twins WHERE device = ?',
    put: 'INSERT INTO twins VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json',
    drop: 'DELETE FROM twins WHERE device = ?',
    floor: 'SELECT version FROM twin_floor',
    raiseFloor: `INSERT INTO twin_floor VALUES (1, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version WHERE excluded.version > version`,
    add: 'INSERT OR REPLACE INTO twin_history VALUES (?, ?, ?, ?)',
    history: 'SELECT n, at_ms, json FROM twin_history WHERE device = ? AND n < ? ORDER BY n DESC LIMIT ?',
    trim: 'DELETE FROM twin_history WHERE device = ? AND (n <= ? OR at_ms < ?)',
    dropHistory: 'DELETE FROM twin_history WHERE device = ?',
  },
};

interface Stored {
  readonly b: number;
  readonly v: number;
  readonly r: number;
  readonly c: number;
  readonly reported: Readonly<Record<string, readonly [Reported['value'], version: number, at: number, since: number]>>;
  readonly wishes: Readonly<Record<string, Wish>>;
}

export function putWrite({ device, born, version, reportedVersion, changes, reported, wishes }: Twin): Write {
  const entries = [...reported].map(([metric, one]) => {
    one.saved = one.at;
    return [metric, [one.value, one.version, one.at, one.since]] as const;
  });
  const stored: Stored = {
    b: born,
    v: version,
    r: reportedVersion,
    c: changes,
    reported: Object.fromEntries(entries),
    wishes: Object.fromEntries(wishes),
  };
  return { statement: 'twin.put', params: [device, JSON.stringify(stored)] };
}

export function twinOf({ device, json }: SqlRow): Twin {
  const { b, v, r, c, reported, wishes } = JSON.parse(String(json)) as Stored;
  return {
    device: String(device),
    born: b,
    version: v,
    reportedVersion: r,
    changes: c,
    reported: new Map(
      Object.entries(reported).map(([metric, [value, version, at, since]]) => [
        metric,
        { value, version, at, since, saved: at, arrival: 0 },
      ]),
    ),
    wishes: new Map(Object.entries(wishes)),
  };
}

export function addWrite(device: string, { n, at, ...change }: TwinChange): Write {
  return { statement: 'twin.add', params: [device, n, Math.trunc(at), JSON.stringify(change)] };
}

export function changeOf({ n, at_ms, json }: SqlRow): TwinChange {
  const rest = JSON.parse(String(json)) as Omit<TwinChange, 'n' | 'at'>;
  return { n: Number(n), at: Number(at_ms), ...rest };
}
