import { request as ask, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PageDialer } from './page-dialer.ts';
import { editorHeader, editorRoot } from './wire-names.ts';

/** Somebody whom the gateway has let in. */
export interface Visitor {
  readonly name: string;
  readonly mayEdit: boolean;
}

/** Node-RED's editor, for whoever serves it behind a login. */
export interface Editor {
  readonly path: string;
  /** What its pages may load and run: Node-RED's editor has code inside its pages, and evaluates expressions. The console frames it. */
  readonly contentSecurityPolicy: string;
  handle(request: IncomingMessage, response: ServerResponse, visitor: Visitor): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor): void;
}

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** Never passed on: they are of one connection, or the gateway's own business. */
const ours = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'proxy-connection',
  'authorization',
  'cookie',
  'set-cookie',
  'content-security-policy',
  editorHeader,
]);

/** Node-RED has a heartbeat of at most 30 s for each of its pages: what is silent for longer is none, or nobody reads it. */
const quietMs = 60_000;

export function openEditor(pages: PageDialer, secret: string): Editor {
  const passOn = (headers: IncomingHttpHeaders, { name, mayEdit }: Visitor): IncomingHttpHeaders => ({
    ...without(headers),
    [editorHeader]: `${secret} ${mayEdit ? 'write' : 'read'} ${encodeURIComponent(name)}`,
  });
  return {
    path: editorRoot,
    contentSecurityPolicy,
    handle(request, response, visitor) {
      const { method, url, headers } = request;
      const asked = ask({ agent: pages.agent, method, path: url, headers: passOn(headers, visitor) });
      asked.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...without(answer.headers), ...securityHeaders });
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      });
      asked.on('error', () => refuse(response));
      response.on('close', () => asked.destroy());
      request.pipe(asked);
    },
    upgrade(request, socket, head, visitor) {
      socket.on('error', () => socket.destroy());
      pages.dial().then(
        (page) => {
          if (socket.destroyed) {
            page.destroy();
            return;
          }
          page.setTimeout(quietMs, () => page.destroy());
          const headers = { ...passOn(request.headers, visitor), connection: 'Upgrade', upgrade: 'websocket' };
          const lines = Object.entries(headers).flatMap(([name, value]) =>
            [value ?? []].flat().map((one) => `${name}: ${one}`),
          );
          page.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
          page.write(head);
          page.pipe(socket).pipe(page);
          page.on('error', () => socket.destroy()).on('close', () => socket.destroy());
          socket.on('close', () => page.destroy());
        },
        () => socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n', () => socket.destroy()),
      );
    },
  };
}

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

function without(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.has(name)));
}

function refuse(response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  const detail = 'Node-RED does not run now. "portcullis flows status" says why.';
  const body = { type: 'about:blank', title: 'Busy', status: 503, detail };
  response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
}
