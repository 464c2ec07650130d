import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import type { Measurement } from '../../../contracts/message.ts';
import type { Append, Entry } from '../../../contracts/pipeline.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Buffer } from '../../../gateway/buffer/buffer.ts';
import type { Clock } from '../../../gateway/lib/clock.ts';
import { openRegistry, type Registry, type RegistryDeps } from '../../../gateway/registry/open-registry.ts';
import { registryTables } from '../../../gateway/registry/tables.ts';
import { claim, handClock, open, silent } from '../buffer/buffer-fixture.ts';

export type Change = NonNullable<Measurement['change']>;

export const changesIn = (entries: readonly Entry[]): Change[] =>
  entries.flatMap(({ measurements }) => measurements.flatMap((one) => ('text' in one ? [] : (one.change ?? []))));

export interface InMemory {
  readonly registry: Registry;
  readonly entries: Entry[];
  readonly clock: ReturnType<typeof handClock>;
  /** The next appends fail with this, before their commit or, when the answer is `lost`, after it. */
  readonly fail: (error: Error | undefined, when?: 'refused' | 'lost') => void;
}

/** A registry over a log and tables in memory, for properties that need many runs. */
export async function inMemory(options: Partial<RegistryDeps> = {}): Promise<InMemory> {
  const entries: Entry[] = [];
  const clock = handClock();
  const db = new DatabaseSync(':memory:');
  for (const migration of registryTables.migrations) db.exec(migration);
  const statement = (name: string) => db.prepare(registryTables.statements[name.slice('registry.'.length)] ?? name);
  let failure: Error | undefined;
  let isLost = false;
  const append: Append = async (entry) => {
    if (failure !== undefined && !isLost) throw failure;
    for (const { statement: name, params } of entry.writes) statement(name).run(...params);
    entries.push(entry);
    if (failure !== undefined) throw failure;
  };
  const store: TableStore = {
    read: async (name, params) => statement(name).all(...params),
    write: async () => undefined,
  };
  const registry = await openRegistry({ append, store, log: silent, clock, ...options });
  const fail = (error: Error | undefined, when?: 'refused' | 'lost'): void => {
    failure = error;
    isLost = when === 'lost';
  };
  return { registry, entries, clock, fail };
}

export interface OnDisk {
  readonly buffer: Buffer;
  readonly registry: Registry;
  close(): Promise<void>;
}

/** A registry over the real buffer. */
export async function onDisk(t: TestContext, dataDir: string, clock: Clock): Promise<OnDisk> {
  const buffer = await open(t, dataDir, { tables: [registryTables] });
  const registry = await openRegistry({ append: buffer.append, store: buffer, log: silent, clock });
  return {
    buffer,
    registry,
    async close() {
      await registry[Symbol.asyncDispose]();
      await buffer[Symbol.asyncDispose]();
    },
  };
}

/** Every change in the log, oldest first, accepted by the sink. */
export async function takeChanges(buffer: Buffer): Promise<Change[]> {
  const changes: Change[] = [];
  for (;;) {
    const batch = await claim(buffer, { records: 1_000 });
    if (batch === undefined) return changes;
    changes.push(...batch.items.flatMap(({ message }) => message.change ?? []));
    await buffer.settle(
      batch,
      batch.items.map(() => ({ is: 'accept' })),
    );
  }
}

/** What a consumer knows that keeps the last value per subject and id; checks that no version is left out. */
export function replay(changes: readonly Change[]): Map<string, Change['value']> {
  const values = new Map<string, Change['value']>();
  const versions = new Map<string, number>();
  for (const { subject, id, op, version, value } of changes) {
    const key = `${subject} ${id}`;
    const before = versions.get(key);
    const isNew = !values.has(key);
    if (isNew !== (op === 'created'))
      throw new Error(`${key} was ${op}, and a consumer ${isNew ? 'does not' : 'does'} know it`);
    if (isNew ? version <= (before ?? 0) : version !== (before ?? 0) + 1) {
      throw new Error(`${key} has version ${version} after ${before}`);
    }
    versions.set(key, version);
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
  return values;
}

/** The registry in the same form. */
export function state(registry: Registry): Map<string, object> {
  const subjects = [
    ...[...registry.places()].map((one) => ['place', one] as const),
    ...[...registry.groups()].map((one) => ['group', one] as const),
    ...[...registry.devices()].map((one) => ['device', one] as const),
  ];
  return new Map(
    subjects.map(([subject, record]) => {
      const { id, version: _, ...value } = record;
      return [`${subject} ${id}`, JSON.parse(JSON.stringify(value)) as object];
    }),
  );
}
