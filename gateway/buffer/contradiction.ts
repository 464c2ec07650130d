import { randomBytes } from 'node:crypto';
import type { Db } from './database.ts';
import { knownSinks } from './ledger-report.ts';

/**
 * What the small tables say against each other; undefined when nothing. One that changed places with an empty table is sound to
 * SQLite, and a gateway that took it for empty would begin anew: with all records behind its sinks, or with ids that were given before.
 */
export function contradictionIn(db: Db): string | undefined {
  const { hasBoots, hasSalt, sinks } = statedIn(db);
  if (hasBoots !== hasSalt) return hasSalt ? 'the list of runs is gone' : 'the numbers of the database are gone';
  const found = knownSinks(db).length;
  return sinks === null || sinks === found
    ? undefined
    : `there were cursors of ${sinks} sinks, and there are of ${found}`;
}

/** Takes out of a salvaged database what contradicts itself. With the list of runs the meaning of the ids is gone, so they begin anew. */
export function settleContradictions(db: Db): void {
  const { hasBoots } = statedIn(db);
  if (!hasBoots) db.prepare("DELETE FROM meta WHERE key = 'salt'").run();
  else db.prepare("INSERT OR IGNORE INTO meta VALUES ('salt', ?)").run(randomBytes(10));
  db.prepare("UPDATE meta SET value = ? WHERE key = 'sinks'").run(knownSinks(db).length);
}

interface Stated {
  readonly hasBoots: boolean;
  readonly hasSalt: boolean;
  /** As many as had cursors at the last start; null in a database that an older gateway made. */
  readonly sinks: number | null;
}

function statedIn(db: Db): Stated {
  const { boots, salt, sinks } = db
    .prepare<[], { boots: number; salt: number; sinks: number | null }>(
      `SELECT EXISTS (SELECT 1 FROM boots) AS boots, EXISTS (SELECT 1 FROM meta WHERE key = 'salt') AS salt,
        (SELECT value FROM meta WHERE key = 'sinks') AS sinks`,
    )
    .get() ?? { boots: 0, salt: 0, sinks: null };
  return { hasBoots: boots === 1, hasSalt: salt === 1, sinks };
}
