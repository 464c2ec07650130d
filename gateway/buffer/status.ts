import { lanes, type Lane } from '../../contracts/sink.ts';
import { pageBytes, type Db } from './database.ts';
import { cursorKey, readMeta, readUnfolded, type Unfolded } from './ledger.ts';
import { knownSinks } from './ledger-report.ts';
import { laneBase } from './batch.ts';

export interface BufferStatus {
  /** Size of the database file, and how much of it holds something. */
  readonly fileBytes: number;
  readonly usedBytes: number;
  readonly lastLsn: number;
  /** Wall time of the oldest commit that some sink still needs. */
  readonly oldestMs: number | undefined;
  readonly sinks: readonly {
    readonly sink: string;
    readonly lane: Lane;
    readonly position: number;
    readonly parked: number;
  }[];
  readonly deadLetters: number;
  readonly deadLetterBytes: number;
}

const single = (db: Db, sql: string): number => db.prepare<[], { n: number | null }>(sql).get()?.n ?? 0;

/** Reads the state of the buffer: in the gateway with the tail that its writer keeps, beside it with that of the log. */
export function readStatus(db: Db, tail?: Pick<Unfolded, 'cursors'>): BufferStatus {
  return db
    .transaction((): BufferStatus => {
      const pages = Number(db.pragma('page_count', { simple: true }));
      const free = Number(db.pragma('freelist_count', { simple: true }));
      const { cursors } = tail ?? readUnfolded(db, []);
      const position = db.prepare<[string, string], { lsn: number }>(
        'SELECT lsn FROM cursors WHERE sink = ? AND lane = ?',
      );
      const parked = db.prepare<[string, string], { n: number }>(
        'SELECT count(*) AS n FROM parked WHERE sink = ? AND lane = ?',
      );
      const oldest = db.prepare<[], { ms: number }>('SELECT wall_ms AS ms FROM batches ORDER BY id LIMIT 1').get();
      const last = single(db, 'SELECT max(last_lsn) AS n FROM (SELECT * FROM batches ORDER BY id DESC LIMIT 1)');
      const urgent = db
        .prepare<[number], { n: number }>('SELECT last_lsn AS n FROM batches WHERE id < ? ORDER BY id DESC LIMIT 1')
        .get(laneBase('normal'));
      return {
        fileBytes: pages * pageBytes,
        usedBytes: (pages - free) * pageBytes,
        lastLsn: Math.max(last, urgent?.n ?? 0, readMeta(db, 'next_lsn') - 1),
        oldestMs: oldest?.ms,
        sinks: knownSinks(db).flatMap((sink) =>
          lanes.map((lane) => ({
            sink,
            lane,
            position: Math.max(cursors.get(cursorKey(sink, lane)) ?? 0, position.get(sink, lane)?.lsn ?? 0),
            parked: parked.get(sink, lane)?.n ?? 0,
          })),
        ),
        deadLetters: single(db, 'SELECT count(*) AS n FROM dead_letters'),
        deadLetterBytes: single(db, 'SELECT sum(bytes) AS n FROM dead_letters'),
      };
    })
    .deferred();
}
