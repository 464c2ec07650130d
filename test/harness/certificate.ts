import { randomUUID } from 'node:crypto';
import { generate } from 'selfsigned';
import type { Certificate } from '../../gateway/lib/own-certificate.ts';

export interface CertificateTuning {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** The address that the certificate is for. */
  readonly ip?: string;
}

const dayMs = 86_400_000;

/** A certificate that signs itself: who trusts it trusts `cert`. Its name is its own, or two of them would be taken for one. */
export async function makeCertificate({ notBefore, notAfter, ip }: CertificateTuning = {}): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: `double-${randomUUID()}` }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: notBefore ?? new Date(Date.now() - dayMs),
    notAfterDate: notAfter ?? new Date(Date.now() + dayMs),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: ip ?? '127.0.0.1' }] }],
  });
  return { cert: made.cert, key: made.private };
}
