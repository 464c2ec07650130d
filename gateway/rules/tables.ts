import type { Firing } from '../../contracts/rule-shown.ts';
import type { SqlRow, TableSet, Write } from '../../contracts/table-set.ts';
import type { KeptInstance } from './core/keep.ts';

/**
 * `rules_scopes`: how a rule stood in a scope, with the print of the rule that it stood for, and the alarms that are raised.
 * `rules_firings`: why it fired; `owed` until everything was handed over. `rules_switches`: what a person switched on or off.
 */
export const ruleTables: TableSet = {
  name: 'rules',
  migrations: [
    `CREATE TABLE rules_scopes (
       rule TEXT NOT NULL, scope TEXT NOT NULL, print TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (rule, scope)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE rules_firings (
       n INTEGER PRIMARY KEY, rule TEXT NOT NULL, owed INTEGER NOT NULL, json TEXT NOT NULL
     ) STRICT;
     CREATE INDEX rules_firings_rule ON rules_firings (rule, n);
     CREATE INDEX rules_firings_owed ON rules_firings (n) WHERE owed = 1;
     CREATE TABLE rules_flags (name TEXT PRIMARY KEY, is_on INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE rules_switches (rule TEXT PRIMARY KEY, is_on INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE rules_clock (id INTEGER PRIMARY KEY CHECK (id = 1), lived_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL) STRICT;`,
  ],
  statements: {
    scopes: 'SELECT rule, scope, print, json FROM rules_scopes',
    putScope: `INSERT INTO rules_scopes VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET print = excluded.print, json = excluded.json`,
    dropScope: 'DELETE FROM rules_scopes WHERE rule = ? AND scope = ?',
    lastFiring: 'SELECT max(n) AS n FROM rules_firings',
    owed: 'SELECT n, rule, json FROM rules_firings WHERE owed = 1 ORDER BY n',
    putFiring: `INSERT INTO rules_firings VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET owed = excluded.owed, json = excluded.json`,
    firings: 'SELECT json FROM rules_firings WHERE rule = ? AND n < ? ORDER BY n DESC LIMIT ?',
    trimFirings: `DELETE FROM rules_firings WHERE rule = ? AND owed = 0 AND n <= (
      SELECT n FROM rules_firings WHERE rule = ? ORDER BY n DESC LIMIT 1 OFFSET ?)`,
    flags: 'SELECT name, is_on FROM rules_flags',
    putFlag: 'INSERT INTO rules_flags VALUES (?, ?) ON CONFLICT DO UPDATE SET is_on = excluded.is_on',
    switches: 'SELECT rule, is_on FROM rules_switches',
    putSwitch: 'INSERT INTO rules_switches VALUES (?, ?) ON CONFLICT DO UPDATE SET is_on = excluded.is_on',
    dropSwitch: 'DELETE FROM rules_switches WHERE rule = ?',
    readClock: 'SELECT lived_ms, wall_ms FROM rules_clock',
    putClock: 'INSERT OR REPLACE INTO rules_clock VALUES (1, ?, ?)',
  },
};

/** Firings kept of one rule, and of all together; with many rules each keeps less, but at least the last few. */
export const firingsKept = { maxPerRule: 100, maxInAll: 20_000, least: 10 } as const;

function depthOf(rules: number): number {
  const { maxPerRule, maxInAll, least } = firingsKept;
  return Math.max(least, Math.min(maxPerRule, Math.floor(maxInAll / Math.max(1, rules))));
}

/** An alarm that a scope of a rule raised, and which case of it. */
export interface RaisedAlarm {
  readonly code: string;
  readonly subject: string;
  readonly case: number;
}

/** What is kept of a rule in a scope. */
export interface KeptScope {
  readonly instance: KeptInstance;
  readonly raised: readonly RaisedAlarm[];
}

export function scopeWrite(rule: string, scope: string, print: string, kept: KeptScope): Write {
  return { statement: 'rules.putScope', params: [rule, scope, print, JSON.stringify(kept)] };
}

export function flagWrite(name: string, on: boolean): Write {
  return { statement: 'rules.putFlag', params: [name, on ? 1 : 0] };
}

/** `rules` is how many rules there are. */
export function firingWrites(firing: Firing, owed: boolean, rules: number): Write[] {
  const { n, rule } = firing;
  return [
    { statement: 'rules.putFiring', params: [n, rule, owed ? 1 : 0, JSON.stringify(firing)] },
    { statement: 'rules.trimFirings', params: [rule, rule, depthOf(rules)] },
  ];
}

export const firingOf = ({ json }: SqlRow): Firing => JSON.parse(String(json)) as Firing;
export const keptOf = ({ json }: SqlRow): KeptScope => JSON.parse(String(json)) as KeptScope;
