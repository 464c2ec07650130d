import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { atomicWrite } from './atomic-write.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const renewBeforeMs = 30 * 86_400_000;

/**
 * The gateway's own certificate for local TLS, made at first use and kept in `folder`, so that it never depends on a
 * cloud. Renewed when it expires within 30 days of `nowMs`; a clock that was set back keeps the one that is there.
 */
export async function ownCertificate(folder: string, name: string, nowMs: number): Promise<Certificate> {
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const [cert, key] = await Promise.all(
    [certFile, keyFile].map((file) => readFile(file, 'utf8').catch(() => undefined)),
  );
  if (cert !== undefined && key !== undefined && expiryMs(cert) - nowMs > renewBeforeMs) return { cert, key };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made = await make(name, nowMs);
  await atomicWrite(keyFile, made.key);
  await atomicWrite(certFile, made.cert, 0o644);
  return made;
}

const expiryMs = (cert: string): number => new X509Certificate(cert).validToDate.getTime();

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
