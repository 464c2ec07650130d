import { randomBytes } from 'node:crypto';
import type { Db } from './database.ts';
import { readMeta } from './ledger.ts';
import { laneBase } from './batch.ts';
import type { Now } from './protocol.ts';
import { saltFrom, type Salt } from './record-id.ts';

/**
 * This run of the gateway. `boot` counts the runs of one database, `seq` of a record is its lsn minus the first lsn of
 * its boot. Uptime is the time the gateway ran, all boots together: it never jumps, and time spent switched off, which
 * a machine without a clock battery cannot know, is not in it. Ages are therefore never overestimated.
 */
export interface Boot {
  readonly boot: number;
  readonly salt: Salt;
  readonly nextLsn: number;
  uptimeMs(now: Now): number;
  firstLsnOf(boot: number): number;
}

/** Boots, and records, that one epoch has room for: a boot a minute for two years, and 10,000 records a second for three. */
const bootsPerEpoch = 2 ** 20;
const recordsPerEpoch = 2 ** 40;

export function startBoot(db: Db, now: Now, epoch = 1): Boot {
  const last = db.prepare<[number, number], { last_lsn: number; up_ms: number }>(
    'SELECT last_lsn, up_ms FROM batches WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1',
  );
  const tails = (['urgent', 'normal'] as const).map((lane) =>
    last.get(laneBase(lane), laneBase(lane) + laneBase('normal') - 1),
  );
  const nextLsn = Math.max(
    (epoch - 1) * recordsPerEpoch + 1,
    readMeta(db, 'next_lsn'),
    ...tails.map((row) => (row?.last_lsn ?? 0) + 1),
  );
  const uptimeBefore = Math.max(readMeta(db, 'up_ms'), ...tails.map((row) => row?.up_ms ?? 0));
  const lastBoot = db.prepare<[], { n: number | null }>('SELECT max(boot) AS n FROM boots').get()?.n ?? 0;
  const boot = Math.max((epoch - 1) * bootsPerEpoch, lastBoot) + 1;
  db.transaction(() => {
    db.prepare('INSERT INTO boots VALUES (?, ?, ?)').run(boot, nextLsn, Math.floor(now.wallMs));
    db.prepare("INSERT OR IGNORE INTO meta VALUES ('salt', ?)").run(randomBytes(10));
  }).immediate();
  const salt = db.prepare<[], { value: Uint8Array }>("SELECT value FROM meta WHERE key = 'salt'").get();
  const first = db.prepare<[number], { first_lsn: number }>('SELECT first_lsn FROM boots WHERE boot = ?');
  const known = new Map<number, number>();
  return {
    boot,
    salt: saltFrom(salt?.value ?? randomBytes(10)),
    nextLsn,
    uptimeMs: (at) => uptimeBefore + Math.max(0, at.monoMs - now.monoMs),
    firstLsnOf(which) {
      const found = known.get(which) ?? first.get(which)?.first_lsn ?? 0;
      known.set(which, found);
      return found;
    },
  };
}
