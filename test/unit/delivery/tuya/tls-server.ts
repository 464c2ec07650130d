import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { generate } from 'selfsigned';

export interface TlsTuning {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Name in the certificate; the server listens on 127.0.0.1 whatever it says. */
  readonly ip?: string;
}

const dayMs = 86_400_000;

/** An HTTPS server on loopback with a certificate of its own; `ca` is what a client has to trust. */
export async function listenTls(t: TestContext, answer: RequestListener, tuning: TlsTuning = {}) {
  const made = await generate([{ name: 'commonName', value: 'double' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: tuning.notBefore ?? new Date(Date.now() - dayMs),
    notAfterDate: tuning.notAfter ?? new Date(Date.now() + dayMs),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: tuning.ip ?? '127.0.0.1' }] }],
  });
  const server = createServer({ key: made.private, cert: made.cert }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: made.cert };
}
