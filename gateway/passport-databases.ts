import { lockDataDir } from './buffer/data-dir-lock.ts';
import { examineSnapshot, snapshotDatabase, usedBytes } from './buffer/snapshot.ts';
import type { Databases } from './passport/make.ts';

/** The buffer's side of a passport. It loads the driver: for processes of their own, never for the gateway's main thread. */
export const databases: Databases = { snapshot: snapshotDatabase, examine: examineSnapshot, usedBytes };

/** Keeps every gateway out of a data folder until disposed. Throws DATA_DIR_LOCKED while one runs. */
export const holdDataDir = (dataDir: string): Disposable => lockDataDir(dataDir, 0);
