import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of this run of the tests (scripts/test.mjs); without one every gateway examines every plugin. */
const folder = process.env['PORTCULLIS_TEST_RUN'];

/**
 * Gives a gateway the decisions about the shipped plugins that another one of the same run took: it goes by what is on
 * record, as it does at every start but its first. A changed plugin, contract or checker is examined as ever.
 */
export function takeAdmitted(dataDir: string): void {
  const own = join(dataDir, 'admission');
  if (folder === undefined || existsSync(own) || !existsSync(join(folder, 'admission'))) return;
  cpSync(join(folder, 'admission'), own, { recursive: true });
}

/** Leaves them for the others, complete or not at all. */
export function leaveAdmitted(dataDir: string): void {
  if (folder === undefined || existsSync(join(folder, 'admission'))) return;
  const making = mkdtempSync(join(folder, 'making-'));
  try {
    cpSync(join(dataDir, 'admission'), join(making, 'admission'), { recursive: true });
    renameSync(join(making, 'admission'), join(folder, 'admission'));
  } catch (error) {
    // Another test may have been quicker.
    if (!existsSync(join(folder, 'admission'))) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
