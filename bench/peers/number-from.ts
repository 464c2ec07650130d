import Database from 'better-sqlite3';

/** The one number that a query gives, from a database that another process has open. */
export function numberFrom(file: string, query: string): number {
  const db = new Database(file, { readonly: true });
  try {
    return Number(db.prepare(query).pluck().get());
  } finally {
    db.close();
  }
}
