import Database from 'better-sqlite3';
import type { SqlRow, TableSet, TableStore } from '../../../../contracts/table-set.ts';

/** A table set in a database of its own, in memory: the real SQL without the writer thread. */
export function openTables(set: TableSet): TableStore & Disposable {
  const db = new Database(':memory:');
  for (const migration of set.migrations) db.exec(migration);
  const prepared = (name: string) => db.prepare(set.statements[name.slice(set.name.length + 1)] ?? `no ${name}`);
  return {
    write: async (writes) =>
      db.transaction(() => {
        for (const { statement, params } of writes) prepared(statement).run(...params);
      })(),
    read: async (statement, params) => prepared(statement).all(...params) as SqlRow[],
    [Symbol.dispose]: () => void db.close(),
  };
}
