import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from './atomic-write.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const renewBeforeMs = 30 * 86_400_000;

const filesIn = (folder: string) => ({ certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') });

/**
 * The gateway's own certificate for local TLS, made at first use and kept in `folder`, so that it never depends on a
 * cloud. Renewed when it expires within 30 days of `nowMs`; a clock that was set back keeps the one that is there.
 * Rejects as `keptCertificate` does.
 */
export async function ownCertificate(folder: string, name: string, nowMs: number): Promise<Certificate> {
  const kept = await keptCertificate(folder, nowMs);
  if (kept !== undefined) return kept;
  const { certFile, keyFile } = filesIn(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made = await make(name, nowMs);
  // The key first: cut off between the two, it stands alone or beside a certificate that is to be renewed anyway.
  await atomicWrite(keyFile, made.key);
  await atomicWrite(certFile, made.cert, 0o644);
  return made;
}

/**
 * The certificate that was made in `folder`, or undefined where it is time to make one. A damaged one is never replaced
 * unasked, because clients may have pinned it: rejects with FILE_UNREADABLE, which says what to do.
 */
export async function keptCertificate(folder: string, nowMs: number): Promise<Certificate | undefined> {
  const { certFile, keyFile } = filesIn(folder);
  const cert = await readIfThere(certFile);
  if (cert === undefined) return undefined;
  const certificate = parsed(() => new X509Certificate(cert), `${certFile} holds no whole certificate`);
  if (certificate.validToDate.getTime() - nowMs <= renewBeforeMs) return undefined;
  const key = (await readIfThere(keyFile)) ?? '';
  const privateKey = parsed(() => createPrivateKey(key), `${keyFile} is missing or holds no whole key`);
  if (!certificate.checkPrivateKey(privateKey)) throw damaged(`${keyFile} is not the key of ${certFile}`);
  return { cert, key };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new PortcullisError('FILE_UNREADABLE', `${file} cannot be read (${code}).`, { cause });
  }
}

function parsed<Result>(parse: () => Result, otherwise: string): Result {
  try {
    return parse();
  } catch (cause) {
    throw damaged(otherwise, cause);
  }
}

const damaged = (what: string, cause?: unknown): PortcullisError =>
  new PortcullisError(
    'FILE_UNREADABLE',
    `${what}. Restore both files, or remove both: the next start makes new ones, and whoever trusts the old certificate must trust the new one.`,
    { cause },
  );

async function make(name: string, nowMs: number): Promise<Certificate> {
  // Needed once in ten years, and a megabyte of code.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    notBeforeDate: new Date(nowMs - 86_400_000),
    notAfterDate: new Date(nowMs + 3_650 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...['localhost', hostname(), `${name}.local`].map((value) => ({ type: 2 as const, value })),
          ...['127.0.0.1', '::1'].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
