import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { PortcullisError } from '../../../contracts/errors.ts';
import { tlsFloor } from '../../lib/tls-floor.ts';
import { tell } from '../../observability/channels.ts';
import type { MqttOptions } from './options.ts';

/** Called for every byte stream that may speak MQTT, with the address of the other side. */
export type OnStream = (stream: Duplex, address: string) => void;

export interface Ports {
  readonly tcp: number | undefined;
  readonly tls: number | undefined;
  readonly ws: number | undefined;
}

/** Disposing stops accepting and closes every connection that is still open, those in a handshake too. */
export interface Listeners extends AsyncDisposable {
  readonly ports: Ports;
  stopAccepting(): void;
}

export interface Settings {
  readonly handshakeTimeoutMs: number;
  readonly maxPacketBytes: number;
  readonly maxConnections: number;
}

/** Opens every listener that the options name, or none. Rejects with PORT_TAKEN when one cannot have its port. */
export async function openListeners(options: MqttOptions, settings: Settings, onStream: OnStream): Promise<Listeners> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const open = async (name: string, server: Server, port: number): Promise<number> => {
    server.maxConnections = settings.maxConnections;
    server.on('drop', () => tell('rejected', { stage: 'mqtt', reason: 'too-many-connections', count: 1 }));
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await listening(server, name, options.host, port);
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  const { tcp, tls, ws } = options;
  try {
    const ports = {
      tcp: tcp && (await open('MQTT', tcpServer(onStream), tcp.port)),
      tls: tls && (await open('MQTT over TLS', tlsServer(tls, settings, onStream), tls.port)),
      ws: ws && (await open('MQTT over WebSocket', await webSocketServer(settings, onStream), ws.port)),
    };
    return listenersOf(servers, sockets, ports);
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

function listenersOf(servers: readonly Server[], sockets: ReadonlySet<Socket>, ports: Ports): Listeners {
  let closed: Promise<unknown> | undefined;
  const stopAccepting = (): void => {
    closed ??= Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  return {
    ports,
    stopAccepting,
    [Symbol.asyncDispose]: async () => {
      stopAccepting();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function tcpServer(onStream: OnStream): Server {
  return createTcpServer({ noDelay: true }, (socket) => onStream(socket, socket.remoteAddress ?? ''));
}

function tlsServer(tls: NonNullable<MqttOptions['tls']>, settings: Settings, onStream: OnStream): Server {
  const { key, cert, ca } = tls;
  const client = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  const handshakeTimeout = settings.handshakeTimeoutMs;
  const server = createTlsServer({ key, cert, ...tlsFloor, handshakeTimeout, noDelay: true, ...client });
  server.on('secureConnection', (socket) => onStream(socket, socket.remoteAddress ?? ''));
  // The socket of a failed handshake is closed by Node; scanners do this all day.
  server.on('tlsClientError', () => tell('rejected', { stage: 'mqtt', reason: 'tls-handshake', count: 1 }));
  return server;
}

/** Loaded only where it is configured. */
async function webSocketServer(settings: Settings, onStream: OnStream): Promise<Server> {
  const { openWebSocketServer } = await import('./websocket-server.ts');
  return openWebSocketServer(settings, onStream);
}

async function listening(server: Server, name: string, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw cannotListen(name, host, port, code, cause);
  }
  server.removeListener('error', reject);
}

function cannotListen(name: string, host: string, port: number, code = '', cause: unknown): Error {
  const why = code === 'EACCES' ? 'this user may not open it' : 'another program uses it';
  if (code === 'EACCES' || code === 'EADDRINUSE') {
    return new PortcullisError('PORT_TAKEN', `${name} cannot listen on port ${port} of ${host}: ${why}.`, { cause });
  }
  const sentence = `${name} cannot listen on ${host}: that is no address of this machine (${code}). Correct mqtt.host.`;
  return new PortcullisError('CONFIG_INVALID', sentence, { cause });
}
