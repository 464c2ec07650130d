import type { SqlRow, Write } from '../../contracts/table-set.ts';
import { tell } from '../observability/channels.ts';
import type { Briefing, Change, Revision } from './task.ts';

/** What is kept to bring threads up to date step by step; a thread further behind gets everything. */
const maxRevisions = 64;
const maxRevisionChars = 256 * 1024;

/**
 * What the plugins learnt, as the main thread holds it: texts, never parsed here, bounded in bytes per plugin. Each
 * batch that taught something makes one version.
 */
export interface KnowledgeBook {
  readonly version: number;
  /** Takes in what a batch taught. What is over the bound is forgotten, oldest first. */
  learn(changes: readonly Change[]): void;
  /** What a task needs so that any thread can run it. `everything` for threads that answered `stale`. */
  briefing(everything?: boolean): Briefing;
  /** A thread answered at a version, and at one of the places where it has them. */
  heard(thread: number, version: number, placesVersion?: number): void;
  /** Forgets which threads exist, after one was replaced. */
  forgetThreads(): void;
  /** The statement that makes one key durable as it is known now. */
  writeOf(change: Change): Write;
  /** Remembers keys whose write is not on disk; `takeUnsaved` gives them out, once. */
  markUnsaved(changes: readonly Change[]): void;
  takeUnsaved(): readonly Change[];
  /** The logins that what is known belongs to. */
  owners(): ReadonlySet<string>;
  readonly hasUnsaved: boolean;
}

/** A value's JSON text, and the login that it belongs to. */
interface Known {
  readonly json: string;
  readonly by: string | undefined;
}

export function knowledgeBook(names: readonly string[], bytesPerPlugin: number): KnowledgeBook {
  const books = names.map(() => ({ known: new Map<string, Known>(), bytes: 0 }));
  const heardAt = new Map<number, number>();
  let revisions: Revision[] = [];
  let version = 0;

  const put = ({ plugin, key, json, by }: Change): void => {
    const book = books[plugin];
    if (book === undefined) return;
    const before = book.known.get(key);
    if (before !== undefined) book.bytes -= lengthOf(key, before);
    book.known.delete(key);
    if (json === undefined) return;
    book.known.set(key, { json, by });
    book.bytes += lengthOf(key, { json, by });
  };
  const revise = (changes: readonly Change[]): void => {
    for (const change of changes) put(change);
    version += 1;
    revisions.push({ version, changes });
    let chars = 0;
    const kept = revisions.findLastIndex((revision) => (chars += sizeOf(revision)) > maxRevisionChars);
    revisions = revisions.slice(Math.max(kept + 1, revisions.length - maxRevisions));
  };
  const overBound = (): Change[] =>
    books.flatMap(({ known, bytes }, plugin) => {
      const forgotten: Change[] = [];
      for (const [key, one] of known) {
        if (bytes <= bytesPerPlugin) break;
        bytes -= lengthOf(key, one);
        forgotten.push({ plugin, key });
      }
      return forgotten;
    });

  const writeOf = ({ plugin, key }: Change): Write => {
    const known = books[plugin]?.known.get(key);
    const name = names[plugin] ?? '';
    return known === undefined
      ? { statement: 'ingest.forget', params: [name, key] }
      : { statement: 'ingest.know', params: [name, key, known.json, known.by ?? null] };
  };
  const unsaved: Change[] = [];

  return {
    get version() {
      return version;
    },
    learn(changes) {
      if (changes.length === 0) return;
      revise(changes);
      const forgotten = overBound();
      if (forgotten.length === 0) return;
      revise(forgotten);
      unsaved.push(...forgotten);
      tell('dropped', { stage: 'preprocess', reason: 'knowledge-full', count: forgotten.length });
    },
    briefing(everything = false) {
      if (everything) {
        const changes = books.flatMap(({ known }, plugin) => changesIn(plugin, known));
        return { full: true, base: 0, version, revisions: [{ version, changes }] };
      }
      const oldestHeard = Math.min(version, ...heardAt.values());
      const base = Math.max(oldestHeard, version - revisions.length);
      return {
        full: false,
        base,
        version,
        revisions: base === version ? [] : revisions.filter((r) => r.version > base),
      };
    },
    heard: (thread, at) => void heardAt.set(thread, at),
    forgetThreads: () => heardAt.clear(),
    writeOf,
    markUnsaved: (changes) => void unsaved.push(...changes),
    get hasUnsaved() {
      return unsaved.length > 0;
    },
    takeUnsaved: () => unsaved.splice(0),
    owners: () => new Set(books.flatMap(({ known }) => [...known.values()].flatMap(({ by }) => by ?? []))),
  };
}

function changesIn(plugin: number, known: ReadonlyMap<string, Known>): Change[] {
  return [...known].map(([key, { json, by }]) => ({ plugin, key, json, by }));
}

function lengthOf(key: string, { json, by }: Known): number {
  return key.length + json.length + (by?.length ?? 0);
}

function sizeOf({ changes }: Revision): number {
  return changes.reduce((sum, { key, json }) => sum + key.length + (json?.length ?? 0), 0);
}

/** Rows of `ingest.knowledge` as changes; rows of plugins that are gone stay in the store, untouched. */
export function changesOfRows(names: readonly string[], rows: readonly SqlRow[]): Change[] {
  return rows.flatMap((row) => {
    const plugin = names.indexOf(String(row['plugin']));
    const by = row['owner'] === null ? undefined : String(row['owner']);
    return plugin < 0 ? [] : [{ plugin, key: String(row['key']), json: String(row['json']), by }];
  });
}
