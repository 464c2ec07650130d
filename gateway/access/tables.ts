import type { Account, AuditEntry, Token } from '../../contracts/access.ts';
import type { Role } from '../../contracts/actor.ts';
import type { SqlRow, TableSet, Write } from '../../contracts/table-set.ts';
import type { PasswordHash } from '../lib/password-hash.ts';

/** Accounts, tokens and sessions are read once, at the start; secrets are there as hashes only. */
export const accessTables: TableSet = {
  name: 'access',
  migrations: [
    `CREATE TABLE access_accounts (
       id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, areas TEXT, disabled INTEGER NOT NULL,
       created_ms INTEGER NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE access_tokens (
       id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, areas TEXT, created_ms INTEGER NOT NULL,
       expires_ms INTEGER, hash BLOB NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE access_sessions (
       hash TEXT PRIMARY KEY, account TEXT, person TEXT, age_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE access_audit (
       n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, name TEXT NOT NULL,
       role TEXT NOT NULL, address TEXT NOT NULL, permission TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL,
       outcome TEXT NOT NULL, code TEXT, times INTEGER NOT NULL
     ) STRICT;`,
    // In the order in which they came.
    'CREATE TABLE access_familiar (n INTEGER PRIMARY KEY, who TEXT NOT NULL UNIQUE) STRICT;',
  ],
  statements: {
    accounts: 'SELECT * FROM access_accounts',
    putAccount: `INSERT INTO access_accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET role = excluded.role, areas = excluded.areas, disabled = excluded.disabled,
        salt = excluded.salt, hash = excluded.hash`,
    dropAccount: 'DELETE FROM access_accounts WHERE id = ?',
    tokens: 'SELECT * FROM access_tokens',
    putToken: 'INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?, ?, ?)',
    dropToken: 'DELETE FROM access_tokens WHERE id = ?',
    sessions: 'SELECT * FROM access_sessions',
    putSession: `INSERT INTO access_sessions VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET age_ms = excluded.age_ms, seen_ms = excluded.seen_ms`,
    dropSession: 'DELETE FROM access_sessions WHERE hash = ?',
    familiar: 'SELECT who FROM access_familiar ORDER BY n',
    putFamiliar: 'INSERT OR REPLACE INTO access_familiar (who) VALUES (?)',
    dropFamiliar: 'DELETE FROM access_familiar WHERE who = ?',
    lastAudit: 'SELECT coalesce(max(n), 0) AS n FROM access_audit',
    addAudit: 'INSERT INTO access_audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    endAudit: 'UPDATE access_audit SET outcome = ?, code = ? WHERE n = ?',
    countAudit: 'UPDATE access_audit SET times = ? WHERE n = ?',
    trimAudit: 'DELETE FROM access_audit WHERE n <= ?',
    audit: `SELECT * FROM access_audit WHERE n < ? AND name = coalesce(?, name) AND outcome = coalesce(?, outcome)
      ORDER BY n DESC LIMIT ?`,
  },
};

/** An account with what its password is checked against. */
export interface StoredAccount extends Account {
  readonly secret: PasswordHash;
}
export interface StoredToken extends Token {
  readonly hash: Uint8Array;
}

const listIn = (value: SqlRow[string]): string[] | null =>
  typeof value === 'string' ? (JSON.parse(value) as string[]) : null;
const listOut = (list: readonly string[] | null): string | null => (list === null ? null : JSON.stringify(list));
const blob = (value: SqlRow[string]): Uint8Array => value as Uint8Array;
const whole = (value: SqlRow[string]): number | null => (value === null ? null : Number(value));

export function accountIn(row: SqlRow): StoredAccount {
  return {
    id: String(row['id']),
    name: String(row['name']),
    role: String(row['role']) as Role,
    areas: listIn(row['areas'] ?? null),
    disabled: row['disabled'] === 1,
    createdAt: Number(row['created_ms']),
    secret: { salt: blob(row['salt'] ?? null), hash: blob(row['hash'] ?? null) },
  };
}

export function accountWrite({ id, name, role, areas, disabled, createdAt, secret }: StoredAccount): Write {
  const params = [id, name, role, listOut(areas), disabled ? 1 : 0, createdAt, secret.salt, secret.hash];
  return { statement: 'access.putAccount', params };
}

export function tokenIn(row: SqlRow): StoredToken {
  return {
    id: String(row['id']),
    name: String(row['name']),
    role: String(row['role']) as Role,
    areas: listIn(row['areas'] ?? null),
    createdAt: Number(row['created_ms']),
    expiresAt: whole(row['expires_ms'] ?? null),
    hash: blob(row['hash'] ?? null),
  };
}

export function tokenWrite({ id, name, role, areas, createdAt, expiresAt, hash }: StoredToken): Write {
  return { statement: 'access.putToken', params: [id, name, role, listOut(areas), createdAt, expiresAt, hash] };
}

export function auditIn(row: SqlRow): AuditEntry {
  const text = (column: string): string => String(row[column]);
  return {
    n: Number(row['n']),
    at: Number(row['at_ms']),
    kind: text('kind'),
    actor: text('actor'),
    name: text('name'),
    role: text('role'),
    address: text('address'),
    permission: text('permission') as AuditEntry['permission'],
    action: text('action'),
    target: text('target'),
    outcome: text('outcome') as AuditEntry['outcome'],
    code: row['code'] === null ? null : text('code'),
    times: Number(row['times']),
  };
}

export function auditWrite(entry: AuditEntry): Write {
  const { n, at, kind, actor, name, role, address, permission, action, target, outcome, code, times } = entry;
  const params = [n, at, kind, actor, name, role, address, permission, action, target, outcome, code, times];
  return { statement: 'access.addAudit', params };
}
