import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Measurement } from '../../../contracts/message.ts';
import type { Append, Entry } from '../../../contracts/pipeline.ts';
import type { Envelope } from '../../../contracts/plugin.ts';
import type { TableStore, Write } from '../../../contracts/table-set.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openIngest } from '../../../gateway/preprocess/ingest.ts';
import type { IngestStage } from '../../../gateway/preprocess/ingest.ts';
import { ingestTables } from '../../../gateway/preprocess/ingest-tables.ts';
import { ingestDefaults } from '../../../gateway/preprocess/options.ts';
import type { IngestDeps, IngestOptions } from '../../../gateway/preprocess/options.ts';

export const housePlugin = new URL('../../fixtures/plugins/house.ts', import.meta.url);

/** An entry as it was committed, its records read back where they came as text. */
export interface KeptEntry extends Entry {
  readonly measurements: readonly Measurement[];
}

/** A buffer in memory: entries as they were committed, and the stage's tables in a real SQLite. */
export interface MemoryBuffer {
  readonly entries: KeptEntry[];
  readonly append: Append;
  readonly store: TableStore;
  /** What is closed before the tables are. */
  readonly closing: AsyncDisposableStack;
  /** Called before each commit; what it throws is what the commit fails with. */
  before: (entry: Entry) => Promise<void> | void;
}

export function memoryBuffer(t: TestContext): MemoryBuffer {
  const db = new DatabaseSync(':memory:');
  const closing = new AsyncDisposableStack();
  closing.defer(() => db.close());
  t.after(() => closing.disposeAsync());
  for (const migration of ingestTables.migrations) db.exec(migration);
  const prepared = new Map(
    Object.entries(ingestTables.statements).map(([name, sql]) => [`${ingestTables.name}.${name}`, db.prepare(sql)]),
  );
  const statement = (name: string) => {
    const found = prepared.get(name);
    if (found === undefined) throw new Error(`no statement ${name}`);
    return found;
  };
  const write = (writes: readonly Write[]): void => {
    db.exec('BEGIN');
    for (const { statement: name, params } of writes) if (prepared.has(name)) statement(name).run(...params);
    db.exec('COMMIT');
  };
  const buffer: MemoryBuffer = {
    closing,
    entries: [],
    before: () => undefined,
    async append(entry) {
      await buffer.before(entry);
      write(entry.writes);
      const measurements = entry.measurements.map((one) => {
        if (!('text' in one)) return one;
        const read = JSON.parse(one.text) as Measurement;
        assert.deepEqual([one.device, one.cls], [read.dev.id, read.cls]);
        return read;
      });
      buffer.entries.push({ ...entry, measurements });
    },
    store: {
      write: async (writes) => write(writes),
      read: async (name, params) => statement(name).all(...params),
    },
  };
  return buffer;
}

/** The stage with the test plugin, closed when the buffer's test ends. */
export async function openStage(
  buffer: MemoryBuffer,
  changes: Partial<IngestOptions> & { clock?: IngestDeps['clock'] } = {},
): Promise<IngestStage> {
  const { clock = systemClock, ...options } = changes;
  const stage = await openIngest(
    {
      ...ingestDefaults,
      plugins: [{ name: 'house', entry: housePlugin, config: {} }],
      site: { name: 'home', timeZone: 'Europe/Rome', rooms: { 'house:lamp': 'kitchen' } },
      ...options,
    },
    { append: buffer.append, store: buffer.store, log: pino({ level: 'silent' }), clock },
  );
  return buffer.closing.use(stage);
}

export function envelope(topic: string, payload: unknown, more: Partial<Envelope> = {}): Envelope {
  return {
    transport: 'mqtt',
    client: 'tester',
    topic,
    payload: new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    retain: false,
    receivedAt: Date.UTC(2026, 6, 1, 12),
    ...more,
  };
}

/** Matches an error of ours by its code. */
export function withCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PortcullisError && error.code === code;
}
