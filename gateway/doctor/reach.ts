import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { systemCode } from './finding.ts';

const connectTimeoutMs = 5_000;

export interface FarSide {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, with a certificate that is trusted: by this PEM text, or publicly. */
  readonly tls: boolean;
  readonly ca?: string | undefined;
}

/** Opens a connection and closes it again, without a byte of ours in it; says what was in the way. */
export function whyUnreachable({ host, port, tls, ca }: FarSide): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket: Socket = tls
    ? connectTls({ host, port, ...servername, ...(ca !== undefined && { ca }) })
    : connectTcp({ host, port });
  socket.setTimeout(connectTimeoutMs, () => resolve('does not answer'));
  socket.once(tls ? 'secureConnect' : 'connect', () => resolve(undefined));
  socket.once('error', (error) => resolve(systemCode(error)));
  return promise.finally(() => socket.destroy());
}
