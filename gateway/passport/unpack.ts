import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { manifestSchema, type Manifest } from '../../contracts/passport.ts';
import { unpackFiles, type Unpacked } from './archive.ts';
import { requireRoom } from './room.ts';
import { unseal } from './sealing.ts';
import { mayTravel } from './staged-files.ts';

export const manifestName = 'manifest.json';
const maxManifestBytes = 4 * 1024 * 1024;

/**
 * Unpacks a passport into a folder that is there and empty, every byte on disk when it resolves. Only what the manifest lists
 * is written, only below the folder, and only while there is room for it. Throws PASSPORT_REFUSED for a wrong passphrase and for a
 * passport that is damaged or not ours, DISK_FULL; what was written before that is the caller's to remove.
 */
export async function unpackPassport(file: string, passphrase: string, into: string): Promise<Manifest> {
  let manifest: Manifest | undefined;
  const left = new Map<string, Manifest['files'][number]>();
  for await (const entry of unpackFiles(unseal(file, passphrase))) {
    if (manifest === undefined) {
      manifest = await readManifest(entry);
      for (const listed of manifest.files) {
        if (!mayTravel(listed.path) || left.has(listed.path))
          throw refused(`lists ${listed.path}, which is none of its`);
        left.set(listed.path, listed);
      }
      await requireRoom(
        into,
        manifest.files.reduce((sum, { size }) => sum + size, 0),
      );
      continue;
    }
    const listed = left.get(entry.path);
    if (listed?.size !== entry.size) throw refused(`holds ${entry.path}, which it does not list`);
    left.delete(entry.path);
    if ((await writeOut(entry, join(into, entry.path))) !== listed.sha256) throw refused(`holds another ${entry.path}`);
  }
  if (manifest === undefined || left.size > 0) throw refused('is not complete');
  return manifest;
}

async function readManifest({ path, size, content }: Unpacked): Promise<Manifest> {
  if (path !== manifestName || size > maxManifestBytes) throw refused('does not begin with its list');
  const pieces = await Array.fromAsync(content);
  try {
    return manifestSchema.parse(JSON.parse(Buffer.concat(pieces).toString()));
  } catch (cause) {
    throw refused('has a list that this version cannot read', cause);
  }
}

/** Writes a file and returns its hash. */
async function writeOut({ content }: Unpacked, to: string): Promise<string> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  await using handle = await open(to, 'wx', 0o600);
  for await (const piece of content) {
    hash.update(piece);
    await handle.appendFile(piece);
  }
  await handle.sync();
  return hash.digest('hex');
}

function refused(what: string, cause?: unknown): PortcullisError {
  return new PortcullisError('PASSPORT_REFUSED', `The passport ${what}.`, { cause });
}
