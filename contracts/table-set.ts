/** A value that SQLite can bind. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

/**
 * A stage's own tables, as data: the buffer's writer thread runs them, so that the stage's rows can be committed in
 * the same transaction as a message, while the driver keeps one home.
 *
 * `migrations` are appended to, never edited: the index of an entry is its version. `statements` are prepared once,
 * named `<set>.<statement>` from outside.
 */
export interface TableSet {
  readonly name: string;
  readonly migrations: readonly string[];
  readonly statements: Readonly<Record<string, string>>;
}

/** One write of a prepared statement, to be committed together with whatever it accompanies. */
export interface Write {
  readonly statement: string;
  readonly params: readonly SqlValue[];
}

/** What a stage asks of the store. Both resolve after the commit, or with rows read after it. */
export interface TableStore {
  write(writes: readonly Write[]): Promise<void>;
  read(statement: string, params: readonly SqlValue[]): Promise<SqlRow[]>;
}
