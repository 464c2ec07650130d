import type { Severity } from '../../contracts/alarm-words.ts';
import type { Alarm } from '../../contracts/alarms.ts';
import type { Contact, ShownNotice } from '../../contracts/contacts.ts';
import type { SqlRow, TableSet, Write } from '../../contracts/table-set.ts';
import { keptNotices } from './bounds.ts';

/** One thing that one recipient is told over one way. `id` is its idempotency key; times are lived milliseconds. */
export interface Notice {
  readonly id: string;
  readonly who: string;
  readonly channel: string;
  readonly to: string;
  readonly why: ShownNotice['why'];
  /** As it is told. */
  readonly alarm: Alarm;
  readonly bornMs: number;
  readonly dueMs: number;
  /** Wall time, for showing. */
  readonly at: number;
}

export type Outcome = Exclude<ShownNotice['state'], 'waiting'>;

/** Notices that wait, and the last ones that ended, so that it can be seen who was told. */
export const notifyTables: TableSet = {
  name: 'notify',
  migrations: [
    `CREATE TABLE notify_outbox (
       n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, who TEXT NOT NULL, channel TEXT NOT NULL, target TEXT NOT NULL,
       why TEXT NOT NULL, alarm TEXT NOT NULL, content TEXT NOT NULL, born_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL,
       at INTEGER NOT NULL, state TEXT NOT NULL, error TEXT, ended_ms INTEGER) STRICT;
     CREATE INDEX notify_waiting ON notify_outbox (n) WHERE ended_ms IS NULL;
     CREATE INDEX notify_alarm ON notify_outbox (alarm, n);
     CREATE TABLE notify_contacts (name TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE notify_clock (
       id INTEGER PRIMARY KEY CHECK (id = 1), lived_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL) STRICT;`,
  ],
  statements: {
    add: `INSERT INTO notify_outbox (id, who, channel, target, why, alarm, content, born_ms, due_ms, at, state)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')`,
    end: 'UPDATE notify_outbox SET state = ?, error = ?, ended_ms = ? WHERE id = ?',
    waiting: 'SELECT * FROM notify_outbox WHERE ended_ms IS NULL ORDER BY n',
    told: `SELECT * FROM notify_outbox WHERE state = 'sent' ORDER BY n`,
    list: 'SELECT * FROM notify_outbox WHERE n < ? AND alarm = ifnull(?, alarm) ORDER BY n DESC LIMIT ?',
    trim: `DELETE FROM notify_outbox WHERE ended_ms IS NOT NULL
             AND n <= (SELECT max(n) FROM notify_outbox) - ${keptNotices}`,
    readContacts: 'SELECT content FROM notify_contacts ORDER BY name',
    putContact: 'INSERT OR REPLACE INTO notify_contacts VALUES (?, ?)',
    dropContact: 'DELETE FROM notify_contacts WHERE name = ?',
    readClock: 'SELECT lived_ms, wall_ms FROM notify_clock',
    putClock: 'INSERT OR REPLACE INTO notify_clock VALUES (1, ?, ?)',
  },
};

export function addWrite({ id, who, channel, to, why, alarm, bornMs, dueMs, at }: Notice): Write {
  const params = [id, who, channel, to, why, alarm.id, JSON.stringify(alarm), bornMs, dueMs, Math.trunc(at)];
  return { statement: 'notify.add', params };
}

export function endWrite(id: string, { state, error, now }: { state: Outcome; error?: string; now: number }): Write {
  return { statement: 'notify.end', params: [state, error ?? null, now, id] };
}

export function noticeOf(row: SqlRow): Notice {
  return {
    id: String(row['id']),
    who: String(row['who']),
    channel: String(row['channel']),
    to: String(row['target']),
    why: String(row['why']) as Notice['why'],
    alarm: JSON.parse(String(row['content'])) as Alarm,
    bornMs: Number(row['born_ms']),
    dueMs: Number(row['due_ms']),
    at: Number(row['at']),
  };
}

export function shownNoticeOf(row: SqlRow): ShownNotice & { readonly n: number } {
  const { id, who, channel, why, at } = noticeOf(row);
  const state = String(row['state']) as ShownNotice['state'];
  const error = row['error'] === null ? undefined : String(row['error']);
  return {
    n: Number(row['n']),
    id,
    alarm: String(row['alarm']),
    who,
    channel,
    why,
    state,
    at,
    ...(error && { error }),
  };
}

export const contactOf = (row: SqlRow): Contact => JSON.parse(String(row['content'])) as Contact;
export const contactWrite = (contact: Contact): Write => ({
  statement: 'notify.putContact',
  params: [contact.name, JSON.stringify(contact)],
});

/** From the least to the most severe. */
export const rankOf = (severity: Severity): number => ['low', 'medium', 'high', 'critical'].indexOf(severity);
