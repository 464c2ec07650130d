import { createHash, createPrivateKey, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './run.ts';
import type { Workplace } from './targets.ts';

/** What makes tar and dpkg-deb write the same bytes from the same files. */
export const sameBytes = (epoch: number): Record<string, string> => ({
  SOURCE_DATE_EPOCH: String(epoch),
  LC_ALL: 'C',
  TZ: 'UTC',
});

/** Release tarball of the tree; gives back its path. */
export async function packTarball({ out, tree, target, version, epoch, say }: Workplace): Promise<string> {
  const name = `portcullis-${version}-linux-${target.arch}`;
  const file = join(out, `${name}.tar.xz`);
  say(`tarball: ${basename(file)}`);
  const fixed = ['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  const rename = `--transform=s,^\\.,${name},`;
  await run('tar', [...fixed, rename, '-C', tree, '-cJf', file, '.'], {
    env: { ...sameBytes(epoch), XZ_OPT: '-6 -T1' },
  });
  return file;
}

/** CycloneDX list of everything that ships; gives back its path. */
export async function writeSbom(place: Workplace): Promise<string> {
  const { out, target, version, epoch, say } = place;
  say('sbom: CycloneDX');
  const cwd = writeShippedLock(place);
  const text = await run('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--loglevel=error'], {
    cwd,
  });
  const bom = JSON.parse(text) as { serialNumber?: string; metadata: { timestamp?: string } };
  // npm stamps the time and a random number; the same inputs must give the same file.
  delete bom.serialNumber;
  bom.metadata.timestamp = new Date(epoch * 1_000).toISOString();
  const file = join(out, `portcullis-${version}-linux-${target.arch}.cdx.json`);
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
  return file;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devDependencies?: unknown }>>;
}

/**
 * Package and lock without what is for development; gives back their folder. npm's `--omit=dev` would hold optional wishes of shipped
 * packages against our tools (i18next wishes for TypeScript 5) and then list nothing.
 */
function writeShippedLock({ root, out, target }: Workplace): string {
  const folder = join(out, 'work', target.arch, 'sbom');
  mkdirSync(folder, { recursive: true });
  const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const write = (name: string, value: object): void => writeFileSync(join(folder, name), JSON.stringify(value));
  const bare = (manifest: object): object => ({ ...manifest, devDependencies: undefined });
  const lock = read('package-lock.json') as Lock;
  const shipped = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
  const packages = Object.fromEntries(shipped.map(([at, item]) => [at, at === '' ? bare(item) : item]));
  write('package.json', bare(read('package.json') as object));
  write('package-lock.json', { ...lock, packages });
  return folder;
}

/** `SHA256SUMS` over the files, and with a key (PEM, Ed25519) its signature beside it, in base64. */
export function writeSums({ out, say }: Workplace, files: readonly string[], keyFile: string | undefined): void {
  const line = (file: string): string =>
    `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}\n`;
  const sums = files.toSorted().map(line).join('');
  writeFileSync(join(out, 'SHA256SUMS'), sums);
  if (keyFile === undefined) return say('signature: none; give --key to sign the release');
  const key = createPrivateKey(readFileSync(keyFile));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${keyFile} is not an Ed25519 key`);
  writeFileSync(join(out, 'SHA256SUMS.sig'), `${sign(null, Buffer.from(sums), key).toString('base64')}\n`);
  say('signature: SHA256SUMS.sig');
}
