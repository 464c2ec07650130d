import type { IncomingMessage, Server } from 'node:http';
import { WebSocketServer, createWebSocketStream } from 'ws';
import { tell } from '../../observability/channels.ts';
import type { Entrance } from './entrance.ts';
import type { Settings } from './listeners.ts';

// An import of this module reads all of its exports, and with them loads Node's own web client: 14 MB (decision 0131).
const { createServer } = process.getBuiltinModule('node:http');

/** MQTT over WebSocket (MQTT 3.1.1, section 6): the path `/mqtt`, the subprotocol `mqtt`, binary frames. */
export function openWebSocketServer(settings: Settings, entrance: Entrance): Server {
  const http = createServer();
  http.on('connection', entrance.enter);
  http.on('request', (_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({
    server: http,
    path: '/mqtt',
    perMessageDeflate: false,
    maxPayload: settings.maxPacketBytes + 1024,
    verifyClient: ({ req }: { req: IncomingMessage }) => speaksMqtt(req),
    handleProtocols: () => 'mqtt',
  });
  sockets.on('connection', (socket, request) => {
    entrance.speak(request.socket, createWebSocketStream(socket));
  });
  // Errors of the HTTP server reach its own listener.
  sockets.on('error', () => undefined);
  return http;
}

function speaksMqtt(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  if (offered.split(',').some((protocol) => protocol.trim() === 'mqtt')) return true;
  tell('rejected', { stage: 'mqtt', reason: 'websocket-protocol', count: 1 });
  return false;
}
