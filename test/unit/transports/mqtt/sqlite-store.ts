import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Ingest } from '../../../../contracts/pipeline.ts';
import type { Envelope } from '../../../../contracts/plugin.ts';
import type { SqlRow, TableStore, Write } from '../../../../contracts/table-set.ts';
import { mqttTables } from '../../../../gateway/transports/mqtt/tables.ts';

/** A real SQLite file behind the store's port, with an ingest that commits `alongside` with a row of its own. */
export interface SqliteStore extends TableStore {
  readonly ingest: Ingest;
  /** Envelopes in the order of their commits. */
  readonly ingested: (Envelope & { text: string })[];
  /** What it returns is thrown instead of a commit. Is asked with the message, if it is one. */
  fault: ((envelope?: Envelope & { text: string }) => Error | undefined | Promise<Error | undefined>) | undefined;
  /** When set, ingest waits for it before it commits. */
  gate: Promise<void> | undefined;
  count(table: string): number;
}

export function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-mqtt-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'buffer.db');
}

export function openSqliteStore(t: TestContext, file: string): SqliteStore {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE IF NOT EXISTS messages (topic TEXT, payload BLOB) STRICT');
  if (db.pragma('user_version', { simple: true }) === 0) {
    for (const migration of mqttTables.migrations) db.exec(migration);
    db.pragma('user_version = 1');
  }
  t.after(() => db.close());
  const statements = new Map(Object.entries(mqttTables.statements).map(([k, sql]) => [`mqtt.${k}`, db.prepare(sql)]));
  const statement = (name: string): Database.Statement => {
    const found = statements.get(name);
    if (found === undefined) throw new Error(`no statement ${name}`);
    return found;
  };
  const addMessage = db.prepare('INSERT INTO messages VALUES (?, ?)');
  const commit = db.transaction((writes: readonly Write[], envelope?: Envelope) => {
    if (envelope !== undefined) addMessage.run(envelope.topic, envelope.payload);
    for (const write of writes) statement(write.statement).run(...write.params);
  });
  const store: SqliteStore = {
    ingested: [],
    fault: undefined,
    gate: undefined,
    async write(writes) {
      const fault = await store.fault?.();
      if (fault !== undefined) throw fault;
      commit(writes);
    },
    async read(name, params) {
      return statement(name).all(...params) as SqlRow[];
    },
    async ingest(envelope, alongside = []) {
      await store.gate;
      const message = { ...envelope, text: Buffer.from(envelope.payload).toString() };
      const fault = await store.fault?.(message);
      if (fault !== undefined) throw fault;
      commit(alongside, envelope);
      store.ingested.push(message);
      return { stored: 1, filtered: 0, deadLettered: 0 };
    },
    count: (table) => (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n,
  };
  return store;
}
