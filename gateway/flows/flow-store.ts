import { PortcullisError } from '../../contracts/errors.ts';
import type { SqlRow, TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { AskInput, AskResult } from './wire.ts';

/** What Node-RED keeps, in the gateway's database. Every write is on disk when it resolves. */
export const bounds = {
  /** Deploys that can be brought back. */
  generations: 20,
  contexts: 1_000,
  contextChars: 4 * 1024 * 1024,
  libraryEntries: 500,
} as const;

export interface Generation {
  readonly generation: number;
  /** Wall time in milliseconds. */
  readonly at: number;
  readonly by: string;
  readonly bytes: number;
}

export interface FlowStore {
  /** The latest generation that can be read; no flows before the first. */
  read(): Promise<AskResult<'flows.read'> & { readonly skipped: readonly number[] }>;
  /** Credentials of the generation before stay where none are given. */
  write(flows: string, by: string, credentials?: string): Promise<void>;
  generations(): Promise<readonly Generation[]>;
  /** Makes an earlier generation the latest again, by default the one before. Rejects with NOT_FOUND. */
  restore(generation: number | undefined, by: string): Promise<Generation>;
  document(name: string): Promise<string | null>;
  putDocument(name: string, text: string): Promise<void>;
  library(type: string): Promise<AskResult<'library.list'>['entries']>;
  putLibrary(entry: AskInput<'library.write'>): Promise<void>;
  contexts(): Promise<AskResult<'context.read'>['scopes']>;
  putContext(scope: string, text: string): Promise<void>;
  dropContexts(scopes: readonly string[]): Promise<void>;
  quarantine(scope: string, why: string): Promise<void>;
}

export function openFlowStore(store: TableStore, clock: Clock): FlowStore {
  const one = async (statement: string, ...params: (string | number)[]): Promise<SqlRow | undefined> =>
    (await store.read(`flows.${statement}`, params))[0];
  const put = (statement: string, ...params: (string | number)[]) => ({ statement: `flows.${statement}`, params });
  const add = (flows: string, credentials: string, by: string): Promise<void> =>
    store.write([put('add', Math.trunc(clock.wallMs()), by, flows, credentials), put('trim', bounds.generations)]);
  const read = async (): ReturnType<FlowStore['read']> => {
    const skipped: number[] = [];
    for (let back = 0; back < bounds.generations; back += 1) {
      const row = await one('latest', back);
      if (row === undefined) break;
      const [flows, credentials] = [String(row['flows']), String(row['credentials'])];
      if (isList(flows)) return { flows, credentials, skipped };
      skipped.push(Number(row['n']));
    }
    return { flows: '[]', credentials: '{}', skipped };
  };

  return {
    read,
    write: async (flows, by, credentials) => add(flows, credentials ?? (await read()).credentials, by),
    generations: async () => (await store.read('flows.generations', [bounds.generations])).map(generationOf),
    async restore(generation, by) {
      const row = await (generation === undefined ? one('latest', 1) : one('one', generation));
      if (row === undefined) {
        throw new PortcullisError('NOT_FOUND', 'There is no such generation of the flows; "flows history" lists them.');
      }
      await add(String(row['flows']), String(row['credentials']), by);
      const [latest] = await store.read('flows.generations', [1]);
      return generationOf(latest ?? row);
    },
    document: async (name) => {
      const row = await one('document', name);
      return row === undefined ? null : String(row['json']);
    },
    putDocument: (name, text) => store.write([put('putDocument', name, text)]),
    async library(type) {
      const rows = await store.read('flows.library', [type, bounds.libraryEntries]);
      return rows.map(({ path, meta, body }) => ({ path: String(path), meta: String(meta), body: String(body) }));
    },
    async putLibrary({ type, path, meta, body }) {
      const { n = 0 } = (await one('libraryCount')) ?? {};
      if (Number(n) >= bounds.libraryEntries) throw full('library', bounds.libraryEntries);
      await store.write([put('putLibrary', type, path, meta, body)]);
    },
    async contexts() {
      const rows = await store.read('flows.contexts', [bounds.contexts]);
      return rows.map(({ scope, json }) => ({ scope: String(scope), text: String(json) }));
    },
    async putContext(scope, text) {
      const { n = 0, chars = 0 } = (await one('contextSize', scope)) ?? {};
      if (Number(n) >= bounds.contexts || Number(chars) + text.length > bounds.contextChars) {
        throw full('context', bounds.contexts);
      }
      await store.write([put('putContext', scope, text)]);
    },
    dropContexts: (scopes) => store.write(scopes.map((scope) => put('dropContext', scope))),
    quarantine: (scope, why) =>
      store.write([put('quarantine', Math.trunc(clock.wallMs()), why, scope), put('dropContext', scope)]),
  };
}

/** A power cut leaves no half row; a damaged card may. */
function isList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

function generationOf({ n, at_ms, by, bytes, flows }: SqlRow): Generation {
  const size = bytes ?? Buffer.byteLength(String(flows));
  return { generation: Number(n), at: Number(at_ms), by: String(by), bytes: Number(size) };
}

function full(what: string, most: number): PortcullisError {
  const sentence = `The ${what} of the flows is full (${most} entries, or too many characters). Delete what is not needed.`;
  return new PortcullisError('OVERLOADED', sentence);
}
