import type { Statement } from 'better-sqlite3';
import type { SqlRow, SqlValue, TableSet } from '../../contracts/table-set.ts';
import type { Db } from './database.ts';

export interface TableStatements {
  /** Throws when the name is unknown or the statement fails. */
  run(name: string, params: readonly SqlValue[]): void;
  all(name: string, params: readonly SqlValue[]): SqlRow[];
}

/** The statements of all table sets, prepared once, by `<set>.<statement>`. */
export function prepareStatements(db: Db, sets: readonly TableSet[]): TableStatements {
  const prepared = new Map<string, Statement<SqlValue[], SqlRow>>();
  for (const set of sets) {
    for (const [name, sql] of Object.entries(set.statements)) prepared.set(`${set.name}.${name}`, db.prepare(sql));
  }
  const find = (name: string): Statement<SqlValue[], SqlRow> => {
    const statement = prepared.get(name);
    if (!statement) throw new Error(`there is no statement ${name}`);
    return statement;
  };
  return {
    run(name, params) {
      const statement = find(name);
      if (statement.reader) statement.all(...params);
      else statement.run(...params);
    },
    all(name, params) {
      return find(name).all(...params);
    },
  };
}
