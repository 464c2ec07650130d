import { once } from 'node:events';
import type { ServerOptions } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { boundPerAddress } from './bound-per-address.ts';
import { tlsFloor } from '../lib/tls-floor.ts';

export interface TlsOptions {
  readonly host: string;
  readonly port: number;
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
}

export interface TlsListener extends AsyncDisposable {
  readonly port: number;
}

/** What both listeners have of Node's own options: when a connection without a request ends, and who may become a WebSocket. */
export type HttpOptions = Required<Pick<ServerOptions, 'headersTimeout' | 'connectionsCheckingInterval'>> &
  Pick<ServerOptions, 'shouldUpgradeCallback'>;

/**
 * The same API on a port of its own over TLS 1.2 or newer, HTTP/1.1, with the bounds of the server that it belongs to.
 * Dispose it before that. Rejects with what the system says when it cannot listen.
 */
export async function listenTls(
  server: FastifyInstance,
  { host, port, cert, key }: TlsOptions,
  http: HttpOptions,
): Promise<TlsListener> {
  const { maxConnections, requestTimeout, keepAliveTimeout } = server.server;
  const handshakeTimeout = http.headersTimeout;
  const secure = createServer({ cert, key, ...tlsFloor, ...http, handshakeTimeout }, (request, response) =>
    server.routing(request, response),
  );
  Object.assign(secure, { maxConnections, requestTimeout, keepAliveTimeout });
  boundPerAddress(secure);
  secure.on('upgrade', (...asked) => server.server.emit('upgrade', ...asked));
  secure.listen(port, host);
  await once(secure, 'listening');
  return {
    port: (secure.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(secure, 'close');
      secure.close();
      secure.closeAllConnections();
      await closed;
    },
  };
}
