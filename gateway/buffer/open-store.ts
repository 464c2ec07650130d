import { join } from 'node:path';
import type { TableSet } from '../../contracts/table-set.ts';
import { startBoot } from './boots.ts';
import { openDatabase, type Db } from './database.ts';
import { openDeadLetters } from './dead-letters.ts';
import { openLog } from './log.ts';
import { databaseName } from './options.ts';
import { openOutages } from './outages.ts';
import type { Now, WriterData } from './protocol.ts';
import { bufferSet, migrate } from './schema.ts';
import { loadCursors, reconcileSinks } from './sinks.ts';
import { Store } from './store.ts';
import { prepareStatements } from './table-statements.ts';
import type { TableStatements } from './table-statements.ts';

export interface OpenStore {
  readonly db: Db;
  readonly store: Store;
  readonly tables: TableStatements;
  readonly outages: ReturnType<typeof openOutages>;
}

/** Opens the database and everything in it. Costs the same whatever it holds: nothing is scanned. */
export function openStore(options: WriterData['options'], now: Now): OpenStore {
  const { limits, sinks } = options;
  const sets: readonly TableSet[] = [bufferSet, ...options.tables];
  const db = openDatabase(join(options.dataDir, databaseName), {
    synchronous: options.synchronous ?? 'FULL',
    fileBytes: limits.fileBytes,
  });
  try {
    migrate(db, sets);
    const boot = startBoot(db, now);
    reconcileSinks(db, sinks, boot.nextLsn, boot.uptimeMs(now));
    const cursors = loadCursors(db, sinks, limits.parkedRecords);
    const tables = prepareStatements(db, sets);
    const outages = openOutages(db);
    const parts = {
      db,
      boot,
      cursors,
      tables,
      outages,
      sinks,
      log: openLog(db),
      deadLetters: openDeadLetters(db, limits.deadLetterBytes),
      settleAtClaim: options.settle === 'before-ack',
    };
    return { db, tables, outages, store: new Store(parts, now) };
  } catch (error) {
    db.close();
    throw error;
  }
}
