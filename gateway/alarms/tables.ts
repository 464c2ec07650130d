import type { Alarm, AlarmLogEntry } from '../../contracts/alarms.ts';
import type { SqlRow, TableSet, Write } from '../../contracts/table-set.ts';
import { logPerAlarm, type AlarmBounds } from './bounds.ts';

/** One alarm as it is kept. `endedMs` is lived time at which it was cleared, `shelvedMs` until which it is shelved. */
export interface KeptAlarm extends Omit<Alarm, 'shelvedUntil'> {
  readonly endedMs?: number | undefined;
  readonly shelvedMs?: number | undefined;
}

/** `alarms_log` is who did what and when; the last of one alarm are kept. */
export const alarmTables: TableSet = {
  name: 'alarms',
  migrations: [
    `CREATE TABLE alarms (
       n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL,
       state TEXT NOT NULL, detail TEXT NOT NULL, since INTEGER NOT NULL, changed INTEGER NOT NULL, count INTEGER NOT NULL,
       latched INTEGER NOT NULL, by TEXT NOT NULL, place TEXT, acknowledged_by TEXT, shelved_ms INTEGER, shelved_by TEXT,
       ended_ms INTEGER) STRICT;
     CREATE INDEX alarms_open ON alarms (n) WHERE ended_ms IS NULL;
     CREATE INDEX alarms_ended ON alarms (ended_ms) WHERE ended_ms IS NOT NULL;
     CREATE TABLE alarms_log (
       n INTEGER PRIMARY KEY, alarm INTEGER NOT NULL, at INTEGER NOT NULL, op TEXT NOT NULL, by TEXT NOT NULL,
       note TEXT) STRICT;
     CREATE INDEX alarms_log_alarm ON alarms_log (alarm, n);
     CREATE TABLE alarms_clock (
       id INTEGER PRIMARY KEY CHECK (id = 1), lived_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL) STRICT;`,
  ],
  statements: {
    put: 'INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    recent: 'SELECT * FROM alarms WHERE ended_ms IS NULL OR ended_ms > ? ORDER BY n',
    find: 'SELECT * FROM alarms WHERE id = ?',
    last: 'SELECT max(n) AS n FROM alarms',
    list: `SELECT * FROM alarms WHERE n < ? AND code = ifnull(?, code) AND subject = ifnull(?, subject)
             AND severity = ifnull(?, severity) AND state = ifnull(?, state) ORDER BY n DESC LIMIT ?`,
    trimCount: `DELETE FROM alarms WHERE ended_ms IS NOT NULL AND n <= ?`,
    trimAge: 'DELETE FROM alarms WHERE ended_ms < ?',
    trimLog: 'DELETE FROM alarms_log WHERE alarm NOT IN (SELECT n FROM alarms)',
    addLog: 'INSERT INTO alarms_log (alarm, at, op, by, note) VALUES (?, ?, ?, ?, ?)',
    boundLog: `DELETE FROM alarms_log WHERE alarm = ? AND n <= (
                 SELECT n FROM alarms_log WHERE alarm = ? ORDER BY n DESC LIMIT 1 OFFSET ${logPerAlarm})`,
    readLog: 'SELECT * FROM alarms_log WHERE alarm = ? ORDER BY n',
    readClock: 'SELECT lived_ms, wall_ms FROM alarms_clock',
    putClock: 'INSERT OR REPLACE INTO alarms_clock VALUES (1, ?, ?)',
  },
};

export function putWrite(alarm: KeptAlarm): Write {
  const { n, id, code, subject, severity, state, detail, since, changed, count, latched, by } = alarm;
  const { place = null, acknowledgedBy = null, shelvedMs = null, shelvedBy = null, endedMs = null } = alarm;
  const head = [n, id, code, subject, severity, state, detail, since, changed, count, latched ? 1 : 0, by];
  return { statement: 'alarms.put', params: [...head, place, acknowledgedBy, shelvedMs, shelvedBy, endedMs] };
}

export function logWrites({ n }: KeptAlarm, { at, op, by, note = null }: LogLine): Write[] {
  return [
    { statement: 'alarms.addLog', params: [n, at, op, by, note] },
    { statement: 'alarms.boundLog', params: [n, n] },
  ];
}

/** Forgets the oldest of those that were cleared; `last` is the newest number, `now` lived time. */
export function trimWrites(last: number, now: number, bounds: Pick<AlarmBounds, 'maxEnded' | 'endedAgeMs'>): Write[] {
  return [
    { statement: 'alarms.trimCount', params: [last - bounds.maxEnded] },
    { statement: 'alarms.trimAge', params: [now - bounds.endedAgeMs] },
    { statement: 'alarms.trimLog', params: [] },
  ];
}

type LogLine = Omit<AlarmLogEntry, 'note'> & { readonly note?: string | null | undefined };

export function alarmOf(row: SqlRow): KeptAlarm {
  const text = (key: string): string => String(row[key]);
  const maybe = (key: string): string | undefined => (row[key] === null ? undefined : text(key));
  const number = (key: string): number => Number(row[key]);
  const some = (key: string): number | undefined => (row[key] === null ? undefined : number(key));
  return {
    n: number('n'),
    id: text('id'),
    code: text('code'),
    subject: text('subject'),
    severity: text('severity') as Alarm['severity'],
    state: text('state') as Alarm['state'],
    detail: text('detail'),
    since: number('since'),
    changed: number('changed'),
    count: number('count'),
    latched: row['latched'] === 1,
    by: text('by'),
    place: maybe('place'),
    acknowledgedBy: maybe('acknowledged_by'),
    shelvedMs: some('shelved_ms'),
    shelvedBy: maybe('shelved_by'),
    endedMs: some('ended_ms'),
  };
}

export function logOf(row: SqlRow): AlarmLogEntry {
  return {
    at: Number(row['at']),
    op: String(row['op']) as AlarmLogEntry['op'],
    by: String(row['by']),
    ...(row['note'] !== null && { note: String(row['note']) }),
  };
}
