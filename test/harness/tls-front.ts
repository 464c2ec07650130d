import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Certificate } from '../../gateway/lib/own-certificate.ts';
import type { Ends } from './ends.ts';

export interface TlsFront {
  readonly port: number;
  /** Bytes that clients have sent within TLS. */
  bytes(): number;
  /** Connections from now on see this certificate. */
  show(certificate: Certificate): void;
}

/** A TLS listener of this machine before another server, whose connections `reach` opens. */
export async function startTlsFront(ends: Ends, certificate: Certificate, reach: () => Socket): Promise<TlsFront> {
  let bytes = 0;
  const open = new Set<Socket>();
  const join = (from: Socket, into: Socket): void => {
    open.add(from);
    from.on('error', () => undefined);
    from.on('close', () => {
      open.delete(from);
      into.destroy();
    });
    from.on('data', (chunk) => into.write(chunk));
  };
  const server = createServer({ ...certificate }, (inside) => {
    inside.on('data', (chunk) => (bytes += chunk.length));
    const outside = reach();
    join(inside, outside);
    join(outside, inside);
  });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ends.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    bytes: () => bytes,
    show: (next) => server.setSecureContext({ ...next }),
  };
}
