import { commandSources, commandStates } from '../../contracts/command.ts';
import type { CommandSource, CommandState, CommandStatus, NewCommand } from '../../contracts/command.ts';
import type { SqlRow, TableSet, Write } from '../../contracts/table-set.ts';

/** One command as it is kept. Times are lived milliseconds; `n` is the order of acceptance. */
export interface Command extends Omit<NewCommand, 'ttlMs'> {
  readonly n: number;
  readonly dueMs: number;
  state: CommandState;
  tries: number;
  code?: string | undefined;
  detail?: string | undefined;
}

/** `lived_ms` and `wall_ms` of the clock say how long the gateway was away; `commands_away` are devices that said goodbye;
 * `commands_changes` count what rules changed within the last hour. */
export const commandTables: TableSet = {
  name: 'commands',
  migrations: [
    `CREATE TABLE commands (
       n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, device TEXT NOT NULL, name TEXT NOT NULL, args TEXT NOT NULL,
       source TEXT NOT NULL, priority INTEGER NOT NULL, due_ms INTEGER NOT NULL, state TEXT NOT NULL,
       tries INTEGER NOT NULL, code TEXT, detail TEXT, ended_ms INTEGER) STRICT;
     CREATE INDEX commands_open ON commands (n) WHERE ended_ms IS NULL;
     CREATE INDEX commands_ended ON commands (ended_ms) WHERE ended_ms IS NOT NULL;
     CREATE INDEX commands_device ON commands (device, n);
     CREATE TABLE commands_clock (id INTEGER PRIMARY KEY CHECK (id = 1), lived_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL) STRICT;`,
    `CREATE TABLE commands_away (device TEXT NOT NULL UNIQUE) STRICT;
     ALTER TABLE commands ADD COLUMN origin TEXT;`,
    `CREATE TABLE commands_changes (what TEXT NOT NULL, lived_ms INTEGER NOT NULL) STRICT;
     CREATE INDEX commands_changes_age ON commands_changes (lived_ms);`,
  ],
  statements: {
    add: 'INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, NULL, NULL, ?)',
    put: 'UPDATE commands SET state = ?, tries = ?, code = ?, detail = ?, ended_ms = ? WHERE n = ?',
    open: 'SELECT * FROM commands WHERE ended_ms IS NULL ORDER BY n',
    find: 'SELECT * FROM commands WHERE id = ?',
    last: 'SELECT max(n) AS n FROM commands',
    list: `SELECT * FROM commands WHERE device = ifnull(?, device) AND state = ifnull(?, state) AND n < ?
           ORDER BY n DESC LIMIT ?`,
    trimCount: 'DELETE FROM commands WHERE n <= ? AND ended_ms IS NOT NULL',
    trimAge: 'DELETE FROM commands WHERE ended_ms < ?',
    countChange: 'INSERT INTO commands_changes VALUES (?, ?)',
    readChanges: 'SELECT what, lived_ms FROM commands_changes ORDER BY lived_ms',
    trimChanges: 'DELETE FROM commands_changes WHERE lived_ms < ?',
    readAway: 'SELECT device FROM commands_away ORDER BY rowid',
    away: 'INSERT OR REPLACE INTO commands_away VALUES (?)',
    back: 'DELETE FROM commands_away WHERE device = ?',
    readClock: 'SELECT lived_ms, wall_ms FROM commands_clock',
    putClock: 'INSERT OR REPLACE INTO commands_clock VALUES (1, ?, ?)',
  },
};

export function addWrite({ n, id, device, name, args, source, origin, priority, dueMs, state }: Command): Write {
  return {
    statement: 'commands.add',
    params: [n, id, device, name, JSON.stringify(args), source, priority, dueMs, state, origin ?? null],
  };
}

export function putWrite({ n, state, tries, code, detail }: Command, endedMs: number | null): Write {
  return { statement: 'commands.put', params: [state, tries, code ?? null, detail ?? null, endedMs, n] };
}

export function commandOf(row: SqlRow): Command {
  const text = (key: string): string => String(row[key]);
  const optional = (key: string): string | undefined => (row[key] === null ? undefined : text(key));
  return {
    n: Number(row['n']),
    id: text('id'),
    device: text('device'),
    name: text('name'),
    args: JSON.parse(text('args')) as Command['args'],
    source: commandSources.find((one) => one === row['source']) as CommandSource,
    priority: Number(row['priority']),
    dueMs: Number(row['due_ms']),
    state: commandStates.find((one) => one === row['state']) as CommandState,
    tries: Number(row['tries']),
    origin: optional('origin'),
    code: optional('code'),
    detail: optional('detail'),
  };
}

export function statusOf({ id, device, name, source, origin, state, code, detail }: Command): CommandStatus {
  return {
    id,
    device,
    name,
    source,
    state,
    ...(origin !== undefined && { origin }),
    ...(code !== undefined && { code }),
    ...(detail !== undefined && { detail }),
  };
}
