import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Change } from './disk-log.ts';
import type { Random } from '../harness/random.ts';

type DataChange = Extract<Change, { is: 'write' | 'truncate' }>;
type NameChange = Extract<Change, { is: 'create' | 'mkdir' | 'remove' | 'rename' }>;

/** A file whatever its name: what a sync made safe, and what was asked since. */
interface File {
  readonly safe: Content;
  asked: DataChange[];
}

type Names = Map<string, File | 'folder'>;

/** What becomes of changes that no sync covered. */
export const fates = ['dropped', 'kept', 'cut', 'reordered', 'torn'] as const;
export type Fate = (typeof fates)[number];

/** What makes changes of names safe. */
type NamesBy = 'sync of their folder' | 'any sync';

const sectorBytes = 512;

/**
 * A disk that forgets. A sync of a file makes safe what was written to it, a sync of a folder every change of names so far.
 * Whatever came later may be there or not when the power is cut: `dropped` (none of it), `kept` (all), `cut` (up to some
 * point), `reordered` (any of the writes), `torn` (any of their sectors of 512 bytes). Names change in order, as in the journal
 * of ext4; that any file's sync also saves them, as ext4 does, is relied on only where `namesBy` says so. Sectors that were safe stay as they were
 * when a write beside them is torn (SQLite's "powersafe overwrite").
 */
export class Disk {
  readonly #namesBy: NamesBy;
  /** As the daemon sees it, and as the last sync of a folder left it. */
  readonly #now: Names = new Map();
  readonly #safe: Names = new Map();
  #asked: { readonly change: NameChange; readonly file: File }[] = [];

  constructor(namesBy: NamesBy = 'sync of their folder') {
    this.#namesBy = namesBy;
  }

  apply(change: Change): void {
    if (change.is === 'sync') this.#sync(change.path);
    else if (change.is === 'write' || change.is === 'truncate') this.#file(change.path).asked.push(change);
    else {
      const file = { safe: new Content(Buffer.alloc(0)), asked: [] };
      rename(this.#now, change, file);
      this.#asked.push({ change, file });
    }
  }

  #file(path: string): File {
    const found = this.#now.get(path);
    if (found === undefined || found === 'folder') throw new Error(`${path} is not a file that was made in the log`);
    return found;
  }

  #sync(path: string): void {
    const found = this.#now.get(path);
    const isFolder = path === '' || found === 'folder';
    if (isFolder || this.#namesBy === 'any sync') {
      for (const { change, file } of this.#asked) rename(this.#safe, change, file);
      this.#asked = [];
    }
    if (!isFolder && found !== undefined) {
      for (const change of found.asked) found.safe.apply(change);
      found.asked = [];
    }
  }

  /** Changes that no sync has covered yet. */
  get unsafe(): number {
    let count = this.#asked.length;
    for (const file of this.#now.values()) if (file !== 'folder') count += file.asked.length;
    return count;
  }

  /** Writes into an empty folder what the disk holds when the power is cut now. */
  writeTo(folder: string, fate: Fate, random: Random): void {
    const names: Names = new Map(this.#safe);
    const survive =
      fate === 'dropped' ? 0 : fate === 'kept' ? this.#asked.length : random.below(this.#asked.length + 1);
    for (const { change, file } of this.#asked.slice(0, survive)) rename(names, change, file);
    for (const [path, file] of names) {
      const target = join(folder, path);
      mkdirSync(file === 'folder' ? target : dirname(target), { recursive: true, mode: 0o700 });
      if (file !== 'folder') writeFileSync(target, surviving(file, fate, random), { mode: 0o600 });
    }
  }
}

function rename(names: Names, change: NameChange, made: File): void {
  if (change.is === 'mkdir') names.set(change.path, 'folder');
  if (change.is === 'create') names.set(change.path, made);
  if (change.is === 'remove') names.delete(change.path);
  if (change.is === 'rename') {
    for (const [path, file] of names) {
      if (path !== change.path && !path.startsWith(`${change.path}/`)) continue;
      names.delete(path);
      names.set(change.to + path.slice(change.path.length), file);
    }
  }
}

/** The bytes of a file, in a buffer that has room for more. Beyond the length the buffer holds zeros. */
class Content {
  #bytes: Buffer;
  #length: number;

  constructor(bytes: Buffer) {
    this.#bytes = Buffer.from(bytes);
    this.#length = bytes.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  apply(change: DataChange): void {
    const end = change.is === 'truncate' ? change.size : change.offset + change.data.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length));
      this.bytes.copy(larger);
      this.#bytes = larger;
    }
    if (change.is === 'write') change.data.copy(this.#bytes, change.offset);
    else this.#bytes.fill(0, end, Math.max(end, this.#length));
    this.#length = change.is === 'truncate' ? end : Math.max(end, this.#length);
  }
}

function surviving({ safe, asked }: File, fate: Fate, random: Random): Buffer {
  if (fate === 'dropped') return safe.bytes;
  const count = fate === 'cut' ? random.below(asked.length + 1) : asked.length;
  const kept = asked.slice(0, count).flatMap((change): readonly DataChange[] => {
    if (fate === 'kept' || fate === 'cut') return [change];
    if (change.is === 'truncate' || fate === 'reordered') return random.chance(0.5) ? [change] : [];
    return sectorsOf(change).filter(() => random.chance(0.5));
  });
  const content = new Content(safe.bytes);
  for (const change of kept) content.apply(change);
  return content.bytes;
}

function sectorsOf(write: Extract<DataChange, { is: 'write' }>): DataChange[] {
  const parts: DataChange[] = [];
  for (let from = 0; from < write.data.length;) {
    const offset = write.offset + from;
    const until = Math.min(write.data.length, from + sectorBytes - (offset % sectorBytes));
    parts.push({ ...write, offset, data: write.data.subarray(from, until) });
    from = until;
  }
  return parts;
}
