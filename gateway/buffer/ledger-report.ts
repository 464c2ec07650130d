import type { Db } from './database.ts';
import { readUnfolded, type Unfolded } from './ledger.ts';
import { listOutages, type Moment, type Outage } from './outages.ts';
import { TallyBook, type Counted, type Tally } from './tally-book.ts';

type Counts = Record<Exclude<Counted, 'refused' | 'rejected'>, number> & { deadLettered: number };

/**
 * One line of the ledger: `accepted = delivered + buffered + filtered + expired + evicted + deadLettered`, where
 * `predates` stands for what was stored before the sink existed. Each number is counted on its own; none is a rest.
 */
export interface LedgerLine extends Counts {
  readonly sink: string;
  readonly balanced: boolean;
}

export interface DeviceLine extends LedgerLine {
  readonly device: string;
}

export interface LedgerReport {
  readonly balanced: boolean;
  readonly sinks: readonly LedgerLine[];
  readonly devices: readonly DeviceLine[];
  /** Filtered, expired, evicted and dead-lettered by reason; `sink` is empty for what belongs to no sink. */
  readonly reasons: readonly {
    readonly sink: string;
    readonly what: string;
    readonly reason: string;
    readonly n: number;
  }[];
  readonly outages: readonly Outage[];
}

const empty = (): Counts => ({
  accepted: 0,
  delivered: 0,
  buffered: 0,
  filtered: 0,
  expired: 0,
  evicted: 0,
  deadLettered: 0,
  predates: 0,
});

const columnOf = (what: Counted): keyof Counts => (what === 'refused' || what === 'rejected' ? 'deadLettered' : what);

export function isBalanced(line: Counts): boolean {
  const rest =
    line.delivered + line.buffered + line.filtered + line.expired + line.evicted + line.deadLettered + line.predates;
  return line.accepted === rest && line.buffered >= 0;
}

/** Adds the folded table and the unfolded tail up, for each sink and device. */
export function addUp(tallies: readonly Tally[], sinks: readonly string[]): Omit<LedgerReport, 'outages'> {
  const lines = new Map<string, Map<string, Counts>>();
  const reasons = new TallyBook();
  for (const [device, sink, what, reason, n] of tallies) {
    const perSink = lines.get(device) ?? new Map<string, Counts>(sinks.map((name) => [name, empty()]));
    lines.set(device, perSink);
    for (const [name, counts] of perSink) if (sink === '' || sink === name) counts[columnOf(what)] += n;
    if (reason !== '') reasons.add('', sink, what, n, reason);
  }
  const sums = new Map<string, Counts>(sinks.map((name) => [name, empty()]));
  const devices: DeviceLine[] = [];
  for (const [device, perSink] of lines) {
    for (const [sink, counts] of perSink) {
      devices.push({ device, sink, ...counts, balanced: isBalanced(counts) });
      const sum = sums.get(sink) ?? empty();
      for (const key of Object.keys(counts) as (keyof Counts)[]) sum[key] += counts[key];
    }
  }
  const perSink: LedgerLine[] = [];
  for (const [sink, counts] of sums) perSink.push({ sink, ...counts, balanced: isBalanced(counts) });
  return {
    balanced: devices.every((line) => line.balanced) && perSink.every((line) => line.balanced),
    sinks: perSink,
    devices,
    reasons: reasons.lines().map(([, sink, what, reason, n]) => ({ sink, what, reason, n })),
  };
}

/** The lines of some devices or of all as they stand: folded totals plus the tail. */
export function readTallies(db: Db, unfolded: Pick<Unfolded, 'tallies'>, devices?: readonly string[]): Tally[] {
  const some = devices === undefined ? '' : 'WHERE device IN (SELECT value FROM json_each(?))';
  const rows = db.prepare<string[], { device: string; sink: string; what: Counted; reason: string; n: number }>(
    `SELECT device, sink, what, reason, n FROM totals ${some}`,
  );
  const asked = devices && new Set(devices);
  const book = new TallyBook();
  for (const row of rows.iterate(...(devices === undefined ? [] : [JSON.stringify(devices)])))
    book.add(row.device, row.sink, row.what, row.n, row.reason);
  book.addAll(unfolded.tallies.lines().filter(([device]) => asked?.has(device) ?? true));
  return book.lines();
}

/** The ledger of some devices or of all; with the tail of who keeps it, and otherwise as it is read from the log. */
export function readLedger(
  db: Db,
  sinks: readonly string[],
  now: Moment,
  {
    devices,
    tail,
  }: { readonly devices?: readonly string[] | undefined; readonly tail?: Pick<Unfolded, 'tallies'> } = {},
): LedgerReport {
  return db
    .transaction(() => {
      const tallies = readTallies(db, tail ?? readUnfolded(db, sinks), devices);
      return { ...addUp(tallies, sinks), outages: listOutages(db, now) };
    })
    .deferred();
}

/** The sinks that the database keeps records for. */
export function knownSinks(db: Db): string[] {
  return db
    .prepare<[], { sink: string }>('SELECT DISTINCT sink FROM cursors ORDER BY sink')
    .all()
    .map((row) => row.sink);
}
