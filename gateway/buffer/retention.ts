import type { Measurement, RecordClass } from '../../contracts/message.ts';
import { laneBase } from './batch.ts';
import type { Db } from './database.ts';
import { pageBytes, walReserveBytes } from './database.ts';
import type { Edit, EditableBatch, LogEditor } from './log-editor.ts';
import { TallyBook, type Counted } from './tally-book.ts';
import { mayThin, thin } from './thinning.ts';

/** How many records were left out, by reason. */
export type Dropped = Map<string, number>;

export interface Retention {
  /** Lets the file grow a little beyond its limit until disposed, because making room needs a few pages itself. */
  headroom(): Disposable;
  /** Whether the file is so full that room should be made before it refuses a commit. */
  isTight(): boolean;
  /**
   * Makes room until the file is below its low mark or `rounds` are used up. The ledger must be folded before.
   * Returns what was left out; nothing means that only records are left that must stay.
   */
  relieve(rounds: number): Dropped;
  /** Lets telemetry and state beyond `maxAgeMs` of gateway uptime expire. */
  expire(upMs: number, maxAgeMs: number): Dropped;
}

/** Shares of the budget: making room begins at the high mark and ends at the low one. */
const marks = { high: 0.9, low: 0.85 };
const batchesAtOnce = 200;
const headroomPages = 128;

interface Step {
  readonly what: Counted;
  readonly reason: string;
  /** Says what to do with a run of batches; undefined when it has nothing more to offer. */
  run(): { edits: (readonly [EditableBatch, readonly Edit[]])[] } | undefined;
}

/**
 * What goes first when space is short: telemetry is thinned, oldest first; then thinned telemetry is dropped, oldest
 * first; then state that a newer one of the same key has replaced; then events. Alarms always stay: when they alone
 * fill the file, commits are held like on a full disk.
 */
export function openRetention(db: Db, editor: LogEditor, fileBytes: number): Retention {
  const budget = Math.max(64 * pageBytes, fileBytes - walReserveBytes);
  const total = db.prepare('INSERT INTO totals VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n');
  const usedBytes = (): number =>
    pageBytes *
    (Number(db.pragma('page_count', { simple: true })) - Number(db.pragma('freelist_count', { simple: true })));
  const steps = [thinning(editor), dropping(editor, 'telemetry'), superseding(editor), dropping(editor, 'event')];

  const apply = (step: Omit<Step, 'run'>, edits: (readonly [EditableBatch, readonly Edit[]])[]): number =>
    db
      .transaction(() => {
        const book = new TallyBook();
        let dropped = 0;
        for (const [batch, edit] of edits) dropped += editor.edit(batch, edit, step, book);
        for (const line of book.lines()) total.run(...line);
        return dropped;
      })
      .immediate();

  const limitPages = Number(db.pragma('max_page_count', { simple: true }));

  return {
    headroom() {
      db.pragma(`max_page_count = ${limitPages + headroomPages}`);
      return { [Symbol.dispose]: () => void db.pragma(`max_page_count = ${limitPages}`) };
    },
    isTight: () => usedBytes() > budget * marks.high,
    relieve(rounds) {
      const dropped: Dropped = new Map();
      let left = rounds;
      for (const step of steps) {
        while (left > 0 && usedBytes() > budget * marks.low) {
          const found = step.run();
          if (!found) break;
          left -= 1;
          const n = apply(step, found.edits);
          if (n > 0) dropped.set(step.reason, (dropped.get(step.reason) ?? 0) + n);
        }
      }
      return dropped;
    },
    expire(upMs, maxAgeMs) {
      const { batches } = editor.oldest('normal', 0, batchesAtOnce);
      const old = batches.filter(({ stored }) => upMs - stored.up_ms > maxAgeMs);
      const edits = old.map((batch) => [batch, batch.records.map((): Edit => 'drop')] as const);
      const n = edits.length > 0 ? apply({ what: 'expired', reason: 'max-age' }, edits) : 0;
      return new Map(n > 0 ? [['max-age', n]] : []);
    },
  };
}

/** Walks once over the log; minutes that are cut in two by the edge of a run give two roll-ups, which is harmless. */
function thinning(editor: LogEditor): Step {
  let after = 0;
  return {
    what: 'evicted',
    reason: 'thinned',
    run() {
      const { batches, last } = editor.oldest('normal', after, batchesAtOnce);
      if (last === undefined) return undefined;
      after = last;
      const candidates = batches.flatMap(({ open, records }) =>
        records.map((record, i) => ({ lsn: open.lsns[i] ?? 0, record })),
      );
      const { rollups, dropped } = thin(candidates.filter(({ record }) => mayThin(record)));
      const edits = batches.map(({ open }) =>
        open.lsns.map((lsn): Edit => (dropped.has(lsn) ? 'drop' : (rollups.get(lsn) ?? 'keep'))),
      );
      return { edits: batches.map((batch, i) => [batch, edits[i] ?? []] as const) };
    },
  };
}

function dropping(editor: LogEditor, cls: RecordClass): Step {
  const lane = cls === 'event' ? 'urgent' : 'normal';
  let after = 0;
  let passed = false;
  return {
    what: 'evicted',
    reason: cls,
    run() {
      const { batches, last } = editor.oldest(lane, after, batchesAtOnce / 4);
      if (last === undefined) {
        // New records may have come since the walk began: one more walk from the start, then the step has no more.
        after = 0;
        passed = !passed;
        return passed ? { edits: [] } : undefined;
      }
      after = last;
      const edits = batches.map((batch) => batch.records.map((record): Edit => (record.cls === cls ? 'drop' : 'keep')));
      return { edits: batches.map((batch, i) => [batch, edits[i] ?? []] as const) };
    },
  };
}

/** What a record says the latest of: its metrics, a subject of the registry, or, as nothing else, itself. */
const stateKeys = ({ dev, m, kind, result }: Measurement): string[] =>
  m.length === 0
    ? [JSON.stringify([kind, dev.id, result?.command])]
    : m.map((metric) => JSON.stringify([dev.id, metric.ep ?? dev.ep, metric.n]));

/** Walks from the newest state to the oldest and drops what a newer record has replaced in every one of its metrics. */
function superseding(editor: LogEditor): Step {
  const start = 2 * laneBase('normal');
  let before = start;
  let seen = new Set<string>();
  return {
    what: 'evicted',
    reason: 'state',
    run() {
      const { batches, last } = editor.newest('normal', before, batchesAtOnce);
      if (last === undefined) {
        before = start;
        seen = new Set();
        return undefined;
      }
      before = last;
      const edits = batches.map((batch): readonly [EditableBatch, readonly Edit[]] => {
        const edit = batch.records.map((): Edit => 'keep');
        for (let i = batch.records.length - 1; i >= 0; i--) {
          const record = batch.records[i];
          if (record?.cls !== 'state') continue;
          const keys = stateKeys(record);
          if (keys.every((key) => seen.has(key))) edit[i] = 'drop';
          for (const key of keys) seen.add(key);
        }
        return [batch, edit];
      });
      return { edits };
    },
  };
}
