import type { SourceTree } from '../types.ts';
import { readJson, record, text } from './package-facts.ts';

export interface LockedPackage {
  readonly name: string;
  readonly version?: string | undefined;
  readonly integrity?: string | undefined;
  /** Where the package came from, as npm wrote it. */
  readonly resolved?: string | undefined;
  readonly link: boolean;
  readonly installScript: boolean;
}

export interface Lockfile {
  /** False when the tree ships none that can be read. */
  readonly present: boolean;
  /** By install folder (`node_modules/a/node_modules/b`), or else by name at the top level. */
  find(name: string, folder?: string): LockedPackage | undefined;
}

/**
 * Reads `package-lock.json` (or npm-shrinkwrap.json), versions 1 to 3, and the short notation `a@1 -> b@2`, one chain a line, in which
 * short versions are completed with zeros.
 */
export function readLockfile(root: SourceTree): Lockfile {
  const bytes = root.files.get('npm-shrinkwrap.json') ?? root.files.get('package-lock.json');
  if (bytes === undefined) return { present: false, find: () => undefined };
  const byFolder = new Map<string, LockedPackage>();
  const json = readJson(bytes);
  if (json === undefined) readShort(bytes, byFolder);
  else {
    for (const [folder, entry] of Object.entries(record(json['packages']))) {
      if (folder !== '') byFolder.set(folder, locked(nameOf(folder), record(entry)));
    }
    if (byFolder.size === 0) readNested(record(json['dependencies']), '', byFolder);
  }
  return {
    present: byFolder.size > 0 || json !== undefined,
    find: (name, folder) => byFolder.get(folder ?? '') ?? byFolder.get(`node_modules/${name}`),
  };
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function locked(name: string, entry: Record<string, unknown>): LockedPackage {
  return {
    name,
    version: text(entry['version']),
    integrity: text(entry['integrity']),
    resolved: text(entry['resolved']),
    link: entry['link'] === true,
    installScript: entry['hasInstallScript'] === true,
  };
}

/** Version 1 nests: `dependencies: { a: { version, dependencies: { b: … } } }`. */
function readNested(
  entries: Record<string, unknown>,
  above: string,
  into: Map<string, LockedPackage>,
  depth = 0,
): void {
  if (depth > 64) return;
  for (const [name, value] of Object.entries(entries)) {
    const entry = record(value);
    const folder = `${above}node_modules/${name}`;
    into.set(folder, locked(name, entry));
    readNested(record(entry['dependencies']), `${folder}/`, into, depth + 1);
  }
}

function readShort(bytes: Uint8Array, into: Map<string, LockedPackage>): void {
  if (bytes.byteLength > 65_536) return;
  for (const part of new TextDecoder().decode(bytes).split(/\n|,|->/)) {
    const match = /^\s*((?:@[\w.-]+\/)?[\w.-]+)@([\w.+-]+)\s*$/.exec(part);
    if (match === null) continue;
    const [, name, short] = match as unknown as [string, string, string];
    const version = /^\d+$/.test(short) ? `${short}.0.0` : /^\d+\.\d+$/.test(short) ? `${short}.0` : short;
    into.set(`node_modules/${name}`, { name, version, link: false, installScript: false });
  }
}
