import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';

/** A file of the page, as `scripts/build-console.mjs` left it. */
export interface ConsoleAsset {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly gzip?: Buffer;
  readonly brotli?: Buffer;
  readonly etag: string;
  /** Its name has a hash of its content: it never changes. */
  readonly isImmutable: boolean;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.md': 'text/markdown; charset=utf-8',
};

/** Said where the page was not built; the gateway itself needs no page. */
const notBuilt = Buffer.from(
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Portcullis</title><h1>Portcullis</h1>' +
    '<p>The gateway runs, but its page was not built. Run <code>npm run build:console</code> and start the gateway again.',
);

/** Addresses of the one document: what it shows is said after the `#`, or by the path of the claim on a label. */
const documents = ['/', '/claim'];

/** Everything that the page consists of, read once; nothing of it comes from another server. */
export async function consoleAssets(folder = join(import.meta.dirname, 'built')): Promise<ConsoleAsset[]> {
  const files = await filesOf(folder);
  if (!files.includes('index.html')) return documents.map((path) => assetOf(path, types['.html'] ?? '', notBuilt));
  const plain = files.filter((file) => types[extname(file)] !== undefined);
  const assets = await Promise.all(plain.map((file) => readAsset(folder, file, files)));
  return assets.flat();
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((one) => one.isFile()).map((one) => relative(folder, join(one.parentPath, one.name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readAsset(folder: string, file: string, files: readonly string[]): Promise<ConsoleAsset[]> {
  const body = await readFile(join(folder, file));
  const packed = async (ending: string): Promise<Buffer | undefined> =>
    files.includes(`${file}${ending}`) ? readFile(join(folder, `${file}${ending}`)) : undefined;
  const [gzip, brotli] = await Promise.all([packed('.gz'), packed('.br')]);
  const paths = file === 'index.html' ? documents : [`/${file}`];
  const more = { ...(gzip && { gzip }), ...(brotli && { brotli }), isImmutable: file.startsWith('assets/') };
  return paths.map((path) => Object.assign(assetOf(path, types[extname(file)] ?? '', body), more));
}

function assetOf(path: string, contentType: string, body: Buffer): ConsoleAsset {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { path, contentType, body, etag, isImmutable: false };
}
