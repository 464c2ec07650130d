import type { Statement } from 'better-sqlite3';
import type { SqlValue } from '../../contracts/table-set.ts';
import type { Db } from './database.ts';
import { faultOf } from './store-error.ts';

/** How a table came over. `whole` is false when part of it could not be read. */
export interface Copied {
  readonly rows: number;
  readonly whole: boolean;
}

const columnsOf = (db: Db, table: string): string[] =>
  db
    .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map((row) => row.name);

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Copies the rows of a table that can be read: forwards to the first damage, then backwards from the end, so that one
 * bad page costs the rows around it and not the rest of the table. `wanted` may refuse a row.
 */
export function copyTable(
  from: Db,
  into: Db,
  table: string,
  wanted: (row: SqlValue[]) => boolean = () => true,
): Copied {
  let rows = 0;
  let whole = true;
  try {
    const theirs = new Set(columnsOf(from, table));
    const columns = columnsOf(into, table)
      .filter((name) => theirs.has(name))
      .map(quoted);
    if (columns.length === 0) return { rows, whole: false };
    const insert = into.prepare(
      `INSERT OR IGNORE INTO ${quoted(table)} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`,
    );
    for (const select of bothWays(from, table, columns)) {
      whole = readInto(select, (row) => {
        if (wanted(row)) rows += insert.run(...row).changes;
      });
      if (whole) break;
    }
  } catch (error) {
    if (faultOf(error) !== 'corrupt' && faultOf(error) !== 'statement') throw error;
    whole = false;
  }
  return { rows, whole };
}

function* bothWays(from: Db, table: string, columns: string[]): Generator<Statement<[], SqlValue[]>> {
  const key = from
    .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk')
    .all(table)
    .map((row) => quoted(row.name));
  for (const direction of ['ASC', 'DESC']) {
    const order = (key.length > 0 ? key : ['rowid']).map((name) => `${name} ${direction}`).join();
    yield from.prepare<[], SqlValue[]>(`SELECT ${columns.join()} FROM ${quoted(table)} ORDER BY ${order}`).raw();
  }
}

/** False when reading ended in damage. */
function readInto(select: Statement<[], SqlValue[]>, take: (row: SqlValue[]) => void): boolean {
  const rows = select.iterate();
  for (;;) {
    let next: IteratorResult<SqlValue[]>;
    try {
      next = rows.next();
    } catch (error) {
      if (faultOf(error) === 'corrupt') return false;
      throw error;
    }
    if (next.done) return true;
    try {
      take(next.value);
    } catch (error) {
      // A row that breaks a constraint of the new table is damaged as well.
      if (faultOf(error) !== 'statement') throw error;
    }
  }
}
