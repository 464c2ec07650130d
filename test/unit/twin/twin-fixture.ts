import { DatabaseSync } from 'node:sqlite';
import type { CommandDesk, NewCommand } from '../../../contracts/command.ts';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Measurement, Metric } from '../../../contracts/message.ts';
import type { Append, Entry } from '../../../contracts/pipeline.ts';
import type { DeviceRecord } from '../../../contracts/registry.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { TwinDeps } from '../../../gateway/twin/core.ts';
import { openTwins, type Twins } from '../../../gateway/twin/open-twins.ts';
import { twinTables } from '../../../gateway/twin/tables.ts';
import { memoryCommands } from '../../integration/memory-commands.ts';
import { handClock, measurement, silent } from '../buffer/buffer-fixture.ts';

/** What outlives the gateway: tables and log. */
export interface Disk {
  readonly store: TableStore;
  readonly append: Append;
  readonly entries: Entry[];
  /** The next appends fail with this. */
  failure: Error | undefined;
}

export function disk(): Disk {
  const db = new DatabaseSync(':memory:');
  for (const migration of twinTables.migrations) db.exec(migration);
  const statement = (name: string) => db.prepare(twinTables.statements[name.slice('twin.'.length)] ?? name);
  const append: Append = async (entry) => {
    if (made.failure !== undefined) throw made.failure;
    for (const { statement: name, params } of entry.writes) statement(name).run(...params);
    made.entries.push(entry);
  };
  const store: TableStore = {
    read: async (name, params) => statement(name).all(...params),
    write: (writes) => append({ measurements: [], filtered: [], deadLetters: [], writes }),
  };
  const made: Disk = { store, append, entries: [], failure: undefined };
  return made;
}

export interface Rig {
  readonly twins: Twins;
  readonly disk: Disk;
  readonly clock: ReturnType<typeof handClock>;
  readonly known: Set<string>;
  /** A message of the lamp goes its way. */
  says(metrics: readonly Metric[], more?: Partial<Measurement>): Promise<void>;
}

export const lamp = 'tasmota:lamp';

/** Twins over tables in memory; the registry knows `known`. */
export async function openRig(over: Disk = disk(), options: Partial<TwinDeps> = {}): Promise<Rig> {
  const clock = handClock();
  const known = new Set([lamp]);
  const find = (id: string): DeviceRecord | undefined =>
    known.has(id)
      ? { id, name: id, version: 1, profile: undefined, lifeCycle: 'SHADOW', place: undefined, tags: [] }
      : undefined;
  const twins = await openTwins({
    store: over.store,
    append: over.append,
    directory: { find, devices: () => [...known].flatMap((id) => find(id) ?? []) },
    log: silent,
    clock,
    ...options,
  });
  const append = twins.watch(over.append);
  const says: Rig['says'] = (m, more) =>
    append({ measurements: [messageOf(m, clock.wallMs(), more)], filtered: [], deadLetters: [], writes: [] });
  return { twins, disk: over, clock, known, says };
}

/** A message of the lamp about its state. */
export function messageOf(m: readonly Metric[], now: number, more: Partial<Measurement> = {}): Measurement {
  return { ...measurement(lamp, 0, 'state'), ts: now, rts: now, m: [...m], ...more };
}

/** The reported values of a device. */
export function reported({ twins }: Pick<Rig, 'twins'>, device = lamp): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(twins.show(device).reported.state).map(([metric, { value }]) => [metric, value]),
  );
}

export interface Desk extends CommandDesk {
  readonly kept: NewCommand[];
  readonly withdrawn: string[];
  /** Went out: it cannot be withdrawn. */
  readonly sent: Set<string>;
  overloaded: number;
}

/** Commands in memory that only know what all lamps can. */
export function openDesk(): Desk {
  const memory = memoryCommands();
  const withdrawn: string[] = [];
  const sent = new Set<string>();
  return Object.assign(memory, {
    withdrawn,
    check: async ({ name }: Pick<NewCommand, 'name'>) => {
      if (name === 'setpoint') throw new PortcullisError('COMMAND_INVALID', 'The device has no command "setpoint".');
    },
    sent,
    underWay: (device: string) => memory.kept.filter((one) => one.device === device && !withdrawn.includes(one.id)),
    withdraw(isUnwanted: (command: NewCommand) => boolean) {
      for (const one of memory.kept.filter(isUnwanted))
        if (!sent.has(one.id) && !withdrawn.includes(one.id)) withdrawn.push(one.id);
    },
  });
}
