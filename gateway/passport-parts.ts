import { lockDataDir } from './buffer/data-dir-lock.ts';
import { examineSnapshot, snapshotDatabase, usedBytes } from './buffer/snapshot.ts';
import { checkBrought, layDownConfiguration } from './config/brought.ts';
import type { PassportParts } from './passport/make.ts';

/** What others do for a passport. It loads the driver of the database: for processes of their own, never for the gateway's main thread. */
export const passportParts: PassportParts = {
  snapshot: snapshotDatabase,
  examine: examineSnapshot,
  usedBytes,
  layDownConfiguration,
  checkConfiguration: checkBrought,
};

/** Keeps every gateway out of a data folder until disposed. Throws DATA_DIR_LOCKED while one runs. */
export const holdDataDir = (dataDir: string): Disposable => lockDataDir(dataDir, 0);
