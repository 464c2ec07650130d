import type { Db } from './database.ts';

/** A time without a sink. `captured` records came in meanwhile; `delivered` of them have reached the sink since. */
export interface Outage {
  readonly sink: string;
  readonly fromMs: number;
  /** Null while the outage lasts. */
  readonly toMs: number | null;
  readonly durationMs: number;
  readonly captured: number;
  readonly delivered: number;
  /** Rejected, expired or evicted instead of delivered. */
  readonly gone: number;
}

interface OutageRow {
  readonly id: number;
  readonly sink: string;
  readonly from_lsn: number;
  readonly to_lsn: number | null;
  readonly from_wall_ms: number;
  readonly to_wall_ms: number | null;
  readonly from_up_ms: number;
  readonly to_up_ms: number | null;
  readonly delivered: number;
  readonly gone: number;
}

export interface Moment {
  readonly lsn: number;
  readonly wallMs: number;
  readonly upMs: number;
}

export interface Outages {
  started(sink: string, at: Moment): void;
  ended(sink: string, at: Moment): void;
  /** The outages of a sink that the record at `lsn` came in during. */
  during(sink: string, lsn: number): number[];
}

/** Outages kept in the database; older ones are forgotten, their records stay in the ledger. */
const kept = 200;

/** Wall time is only shown; the length comes from uptime, the captured records from the log's own numbers. */
export function openOutages(db: Db): Outages {
  const running = db.prepare<[string], { id: number }>('SELECT id FROM outages WHERE sink = ? AND to_lsn IS NULL');
  const start = db.prepare('INSERT INTO outages (sink, from_lsn, from_wall_ms, from_up_ms) VALUES (?, ?, ?, ?)');
  const end = db.prepare('UPDATE outages SET to_lsn = ?, to_wall_ms = ?, to_up_ms = ? WHERE id = ?');
  const forget = db.prepare('DELETE FROM outages WHERE id <= (SELECT max(id) FROM outages) - ?');
  const load = db.prepare<[number], OutageRow>(
    'SELECT * FROM outages WHERE to_lsn IS NULL OR delivered + gone < to_lsn - from_lsn ORDER BY id DESC LIMIT ?',
  );
  let open = load.all(kept);
  const refresh = (): void => {
    open = load.all(kept);
  };
  return {
    started(sink, at) {
      if (running.get(sink)) return;
      start.run(sink, at.lsn, Math.floor(at.wallMs), Math.floor(at.upMs));
      forget.run(kept);
      refresh();
    },
    ended(sink, at) {
      const row = running.get(sink);
      if (!row) return;
      end.run(at.lsn, Math.floor(at.wallMs), Math.floor(at.upMs), row.id);
      refresh();
    },
    during(sink, lsn) {
      if (open.length === 0) return [];
      return open
        .filter((row) => row.sink === sink && row.from_lsn <= lsn && lsn < (row.to_lsn ?? Infinity))
        .map((row) => row.id);
    },
  };
}

export function listOutages(db: Db, now: Moment): Outage[] {
  const rows = db.prepare<[], OutageRow>('SELECT * FROM outages ORDER BY id DESC LIMIT 50').all();
  return rows.map((row) => ({
    sink: row.sink,
    fromMs: row.from_wall_ms,
    toMs: row.to_wall_ms,
    durationMs: (row.to_up_ms ?? now.upMs) - row.from_up_ms,
    captured: (row.to_lsn ?? now.lsn) - row.from_lsn,
    delivered: row.delivered,
    gone: row.gone,
  }));
}
