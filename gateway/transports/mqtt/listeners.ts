import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { PortcullisError } from '../../../contracts/errors.ts';
import { tlsFloor } from '../../lib/tls-floor.ts';
import { tell } from '../../observability/channels.ts';
import { Entrance } from './entrance.ts';
import type { Admit, OnStream } from './entrance.ts';
import type { MqttOptions } from './options.ts';

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
  readonly maxPacketBytes: number;
  readonly maxConnections: number;
}

/** Opens every listener that the options name, or none. Rejects with PORT_TAKEN when one cannot have its port. */
export async function openListeners(
  options: MqttOptions,
  settings: Settings,
  admit: Admit,
  onStream: OnStream,
): Promise<Listeners> {
  const servers: Server[] = [];
  const entrance = new Entrance(admit, onStream);
  const open = async (name: string, server: Server, port: number): Promise<number> => {
    server.maxConnections = settings.maxConnections;
    server.on('drop', () => tell('rejected', { stage: 'mqtt', reason: 'too-many-connections', count: 1 }));
    await listening(server, name, options.host, port);
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  const { tcp, tls, ws } = options;
  try {
    const ports = {
      tcp: tcp && (await open('MQTT', tcpServer(entrance), tcp.port)),
      tls: tls && (await open('MQTT over TLS', tlsServer(tls, entrance), tls.port)),
      ws: ws && (await open('MQTT over WebSocket', await webSocketServer(settings, entrance), ws.port)),
    };
    return listenersOf(servers, entrance, ports);
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

function listenersOf(servers: readonly Server[], entrance: Entrance, ports: Ports): Listeners {
  let closed: Promise<unknown> | undefined;
  const stopAccepting = (): void => {
    closed ??= Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  return {
    ports,
    stopAccepting,
    [Symbol.asyncDispose]: async () => {
      stopAccepting();
      entrance.closeAll();
      await closed;
    },
  };
}

function tcpServer(entrance: Entrance): Server {
  return createTcpServer({ noDelay: true }, (socket) => {
    entrance.enter(socket);
    entrance.speak(socket, socket);
  });
}

function tlsServer(tls: NonNullable<MqttOptions['tls']>, entrance: Entrance): Server {
  const { key, cert, ca } = tls;
  const client = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  const server = createTlsServer({ key, cert, ...tlsFloor, noDelay: true, ...client });
  server.on('connection', entrance.enter);
  server.on('secureConnection', (socket) => entrance.speak(socket, socket));
  // Scanners do this all day. Node ends a handshake that went wrong, and no other.
  server.on('tlsClientError', () => tell('rejected', { stage: 'mqtt', reason: 'tls-handshake', count: 1 }));
  return server;
}

/** Loaded only where it is configured. */
async function webSocketServer(settings: Settings, entrance: Entrance): Promise<Server> {
  const { openWebSocketServer } = await import('./websocket-server.ts');
  return openWebSocketServer(settings, entrance);
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
