import { join } from 'node:path';
import { startBoot } from './boots.ts';
import { contradictionIn } from './contradiction.ts';
import { openDatabase, type Db } from './database.ts';
import { openDeadLetters, type DeadLetters } from './dead-letters.ts';
import { openLogEditor } from './log-editor.ts';
import { openLog, type Log } from './log.ts';
import { databaseName } from './options.ts';
import { openOutages } from './outages.ts';
import type { Now, WriterData } from './protocol.ts';
import { openRetention } from './retention.ts';
import { bufferSet, migrate } from './schema.ts';
import { loadCursors, reconcileSinks } from './sinks.ts';
import { Store } from './store.ts';
import { prepareStatements } from './table-statements.ts';
import type { TableStatements } from './table-statements.ts';

export interface OpenStore {
  readonly db: Db;
  readonly store: Store;
  readonly log: Log;
  readonly tables: TableStatements;
  readonly outages: ReturnType<typeof openOutages>;
  readonly deadLetters: DeadLetters;
}

/** Opens the database and everything in it. Costs the same whatever it holds: nothing is scanned. */
export function openStore(options: WriterData['options'], now: Now): OpenStore {
  const { limits, sinks } = options;
  const db = openDatabase(join(options.dataDir, databaseName), {
    synchronous: options.synchronous ?? 'FULL',
    fileBytes: limits.fileBytes,
  });
  try {
    return asCorruption(() => {
      migrate(db, [bufferSet, ...options.tables], options.migrate);
      const contradiction = contradictionIn(db);
      if (contradiction !== undefined) throw schemaIsWrong(contradiction);
      const boot = startBoot(db, now, options.epoch);
      reconcileSinks(db, sinks, boot.nextLsn, boot.uptimeMs(now));
      const cursors = loadCursors(db, sinks, limits.parkedRecords);
      const deadLetters = openDeadLetters(db, limits.deadLetterBytes);
      const log = openLog(db);
      const retention = openRetention(db, openLogEditor(db, log, cursors), limits.fileBytes);
      const outages = openOutages(db);
      const tables = prepareStatements(db, [bufferSet, ...options.tables]);
      const { maxAgeMs } = limits;
      const own = { db, boot, cursors, sinks, deadLetters, log, retention, maxAgeMs, outages, tables };
      const store = new Store({ ...own, settleAtClaim: options.settle === 'before-ack' }, now);
      return { db, tables, outages, deadLetters, store, log };
    });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Statements on the gateway's tables are right by construction: when one does not fit, the file's schema is not ours. */
function asCorruption<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^SQLITE_(ERROR|CONSTRAINT|MISMATCH)/.test(code)) throw error;
    throw schemaIsWrong('the schema is wrong', error);
  }
}

const schemaIsWrong = (says: string, cause?: unknown): Error =>
  Object.assign(new Error(says, { cause }), { code: 'SQLITE_CORRUPT_SCHEMA' });
