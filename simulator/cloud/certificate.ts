import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { atomicWrite } from '../../gateway/lib/atomic-write.ts';

/** PEM texts; `ca` signed `cert`, which is good for localhost, 127.0.0.1, ::1 and 10.0.2.2. */
export interface ServerIdentity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const lifeMs = 5 * 365 * 86_400_000;
const marginMs = 30 * 86_400_000;

/** The text of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The CA's key is thrown away: nobody can make more certificates that a trusting client would believe. */
async function make(): Promise<{ ca: string; cert: string; key: string }> {
  const options = { keyType: 'ec', algorithm: 'sha256', notAfterDate: new Date(Date.now() + lifeMs) } as const;
  const ca = await generate([{ name: 'commonName', value: 'Portcullis local CA' }], {
    ...options,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...options,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
          // This machine, as a virtual machine of QEMU sees it.
          { type: 7, ip: '10.0.2.2' },
        ],
      },
    ],
  });
  return { ca: ca.cert, cert: leaf.cert, key: leaf.private };
}

/** False when the certificate ends soon, or when a power cut left the three files from different makings. */
function belongTogether(ca: string, cert: string, key: string): boolean {
  const leaf = new X509Certificate(cert);
  const fresh = new Date(leaf.validTo).getTime() > Date.now() + marginMs;
  return fresh && leaf.checkPrivateKey(createPrivateKey(key)) && leaf.verify(new X509Certificate(ca).publicKey);
}

/** Reads the identity kept in a folder, or makes and keeps one; made anew a month before it ends. */
export async function keepIdentity(folder: string): Promise<ServerIdentity> {
  const caFile = join(folder, 'ca.pem');
  const certFile = join(folder, 'server.pem');
  const keyFile = join(folder, 'server-key.pem');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(readIfThere));
  if (ca !== undefined && cert !== undefined && key !== undefined) {
    if (belongTogether(ca, cert, key)) return { ca, cert, key, caFile, certFile, keyFile };
  }
  const made = await make();
  await atomicWrite(keyFile, made.key);
  await atomicWrite(certFile, made.cert, 0o644);
  await atomicWrite(caFile, made.ca, 0o644);
  return { ...made, caFile, certFile, keyFile };
}
