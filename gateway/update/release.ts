import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PortcullisError } from '../../contracts/errors.ts';

/** A release whose bytes are what its maker signed. */
export interface Release {
  readonly version: string;
  readonly tarball: string;
}

/** npm's words for machines, as they are in the names of releases. */
const archOf: Readonly<Record<string, string>> = { arm64: 'arm64', arm: 'armhf', x64: 'amd64' };
const maxSumsBytes = 65_536;

const refuse = (sentence: string): PortcullisError => new PortcullisError('RELEASE_REFUSED', sentence);

/**
 * Checks a folder with `SHA256SUMS`, `SHA256SUMS.sig` and the tarball of this machine: one of the keys (PEM, Ed25519) signed the
 * sums, and the tarball has the sum. Nothing is unpacked or changed before. Throws RELEASE_REFUSED.
 */
export async function verifyRelease(folder: string, keysFolder: string, arch: string = process.arch): Promise<Release> {
  const sums = await readFile(join(folder, 'SHA256SUMS')).catch(() => {
    throw refuse(`${folder} has no SHA256SUMS: that is not the folder of a release.`);
  });
  if (sums.length > maxSumsBytes) throw refuse('SHA256SUMS is longer than any release needs.');
  const signature = await readFile(join(folder, 'SHA256SUMS.sig'), 'utf8').catch(() => {
    throw refuse('The release is not signed (SHA256SUMS.sig is missing).');
  });
  const keys = await readKeys(keysFolder);
  const bytes = Buffer.from(signature, 'base64');
  if (!keys.some((key) => key.asymmetricKeyType === 'ed25519' && verify(null, sums, key, bytes)))
    throw refuse(`No key in ${keysFolder} signed this release.`);

  const name = new RegExp(
    `^([0-9a-f]{64}) {2}(portcullis-(\\d+\\.\\d+\\.\\d+)-linux-${archOf[arch]}\\.tar\\.xz)$`,
    'm',
  );
  const [, sum, file, version] = name.exec(sums.toString()) ?? [];
  if (sum === undefined || file === undefined || version === undefined)
    throw refuse(`The release has nothing for this machine (${archOf[arch] ?? arch}).`);
  const tarball = join(folder, file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(tarball), hash).catch(() => {
    throw refuse(`${file} is missing or cannot be read.`);
  });
  if (hash.digest('hex') !== sum) throw refuse(`${file} is damaged: its sum is not the signed one. Fetch it again.`);
  return { version, tarball };
}

async function readKeys(folder: string) {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.pem')).toSorted();
  if (files.length === 0) throw refuse(`There is no key in ${folder}; without one no release can be trusted.`);
  return Promise.all(files.map(async (name) => createPublicKey(await readFile(join(folder, name)))));
}
