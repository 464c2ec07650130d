import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SqlRow, TableSet, TableStore } from '../../contracts/table-set.ts';

/** A real SQLite file behind the port of the stages' tables. Disposing deletes its folder. `file` makes it one that is open already. */
export function openTableStore(
  sets: readonly TableSet[],
  file = join(mkdtempSync(join(tmpdir(), 'portcullis-tables-')), 'tables.db'),
): TableStore & Disposable & { readonly file: string } {
  const db = new Database(file);
  if (db.pragma('user_version', { simple: true }) === 0) {
    for (const { migrations } of sets) for (const migration of migrations) db.exec(migration);
    db.pragma('user_version = 1');
  }
  const statements = new Map<string, Database.Statement>(
    sets.flatMap(({ name, statements }) =>
      Object.entries(statements).map(([key, sql]) => [`${name}.${key}`, db.prepare(sql)] as const),
    ),
  );
  const find = (name: string): Database.Statement => {
    const found = statements.get(name);
    if (found === undefined) throw new Error(`no statement ${name}`);
    return found;
  };
  const commit = db.transaction((writes: Parameters<TableStore['write']>[0]) => {
    for (const { statement, params } of writes) find(statement).run(...params);
  });
  return {
    file,
    [Symbol.dispose]() {
      db.close();
      rmSync(dirname(file), { recursive: true, force: true });
    },
    write: async (writes) => commit(writes),
    read: async (name, params) => find(name).all(...params) as SqlRow[],
  };
}
