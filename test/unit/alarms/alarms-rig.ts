import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import type { Measurement } from '../../../contracts/message.ts';
import type { Append } from '../../../contracts/pipeline.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import { openAlarms, type Alarms } from '../../../gateway/alarms/open-alarms.ts';
import type { AlarmDeps } from '../../../gateway/alarms/core.ts';
import { alarmTables } from '../../../gateway/alarms/tables.ts';
import { silent } from '../buffer/buffer-fixture.ts';
import { VirtualTime } from '../delivery/virtual-time.ts';

/** A database in memory that outlives the lives of what is tested over it. */
export function memoryDisk(t: TestContext, sets = [alarmTables]) {
  const db = new DatabaseSync(':memory:');
  t.after(() => db.close());
  for (const { migrations } of sets) for (const each of migrations) db.exec(each);
  const statement = (name: string) => {
    const [set, key] = name.split('.');
    return db.prepare(sets.find((one) => one.name === set)?.statements[key ?? ''] ?? `no ${name}`);
  };
  const store: TableStore = {
    read: async (name, params) => statement(name).all(...params),
    write: async (writes) => {
      for (const { statement: name, params } of writes) statement(name).run(...params);
    },
  };
  return store;
}

export interface Rig {
  readonly alarms: Alarms;
  readonly time: VirtualTime;
  /** What went to the log, as `op state code subject`. */
  readonly told: readonly string[];
  readonly messages: readonly Measurement[];
  /** The next appends fail with this. */
  failure: Error | undefined;
}

export interface RigOptions extends Partial<AlarmDeps> {
  readonly disk?: TableStore;
  readonly time?: VirtualTime;
}

/** One life of the alarms over a disk that may have seen others. */
export async function openRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const { disk = memoryDisk(t), time = new VirtualTime(), ...rest } = options;
  const [told, messages]: [string[], Measurement[]] = [[], []];
  const append: Append = async ({ measurements, writes }) => {
    if (rig.failure !== undefined) throw rig.failure;
    await disk.write(writes);
    for (const one of measurements as readonly Measurement[]) {
      messages.push(one);
      if (one.alarm) told.push([one.alarm.op, one.alarm.state, one.alarm.code, one.alarm.subject].join(' '));
    }
  };
  const directory = {
    deviceAt: (subject: string) => (subject.startsWith('z2m:') ? { place: 'kitchen' } : undefined),
    namesOf: (place: string) => (place === 'kitchen' ? { building: 'Mill', room: 'Kitchen' } : undefined),
  };
  const deps = { append, store: disk, directory, log: silent, clock: time, scheduler: time, ...rest };
  const alarms = await openAlarms(deps);
  t.after(() => alarms[Symbol.asyncDispose]());
  const rig: Rig = { alarms, time, told, messages, failure: undefined };
  return rig;
}
