import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { makeCertificate, type CertificateTuning } from '../../../harness/certificate.ts';

/** An HTTPS server on loopback with a certificate of its own; `ca` is what a client has to trust. */
export async function listenTls(t: TestContext, answer: RequestListener, tuning: CertificateTuning = {}) {
  const certificate = await makeCertificate(tuning);
  const server = createServer({ ...certificate }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: certificate.cert };
}
