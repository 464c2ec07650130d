import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { AccessDesk, Asking, Caller, Permission } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';

/** A part of the addresses that something else serves, behind the same login as everything here. */
export interface Mount {
  /** Without a slash at its end; everything below belongs to it. */
  readonly path: string;
  readonly needs: { readonly see: Permission; readonly edit: Permission };
  handle(request: IncomingMessage, response: ServerResponse, visitor: Visitor): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor): void;
}

interface Visitor {
  readonly name: string;
  readonly mayEdit: boolean;
}

const bodyLimit = 6 * 1024 * 1024;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/** In a scope of its own: bodies are not read here, only passed on. */
export async function serveMount(server: FastifyInstance, mount: Mount, access: AccessDesk): Promise<void> {
  const admit = async (request: IncomingMessage): Promise<Caller> => {
    const caller = await access.identify(askingOf(request, mount), false);
    // Whoever happens to sit at the machine has not logged in.
    access.demand(caller, caller.actor.kind === 'local' ? mount.needs.edit : mount.needs.see, 'everything');
    return caller;
  };
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { bodyLimit }, (_request, _payload, done) => done(null));
    scope.get(mount.path, async (_request, reply) => reply.redirect(`${mount.path}/`));
    scope.route({
      method: methods,
      url: `${mount.path}/*`,
      handler: async (request, reply) => {
        const caller = await admit(request.raw);
        if (isChange(request.raw)) await noteChange(request.raw, reply.raw, caller);
        reply.hijack();
        mount.handle(request.raw, reply.raw, visitorOf(caller));
      },
    });
  });
  const visitorOf = ({ actor }: Caller): Visitor => ({
    name: actor.name,
    mayEdit: access.may(actor, mount.needs.edit, 'everything'),
  });
  /** It is in the audit log before it is passed on, and how it ended behind it. */
  const noteChange = async (request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> => {
    refuseStrangers(request);
    access.demand(caller, mount.needs.edit, 'everything');
    const ended = await access.begin(caller, mount.needs.edit, 'everything');
    response.on('close', () => ended(response.statusCode < 400 ? 'done' : 'failed'));
  };
  server.server.on('upgrade', (request, socket, head) => {
    if (!(request.url ?? '').startsWith(`${mount.path}/`)) return;
    const open = async (): Promise<void> => {
      // A browser lets every page open a WebSocket to everywhere.
      refuseStrangers(request);
      mount.upgrade(request, socket, head, visitorOf(await admit(request)));
    };
    open().catch(() => socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n'));
  });
}

const isChange = ({ method }: IncomingMessage): boolean => method !== 'GET' && method !== 'HEAD';

/** Who it is, is asked as for a page: the token against other sites' pages is the console's, and the origin stands for it here. */
function askingOf({ method, headers, socket, url = '' }: IncomingMessage, mount: Mount): Asking {
  return {
    method: 'GET',
    action: `${method} ${mount.path}`,
    path: url.split('?')[0] ?? url,
    headers,
    address: socket.remoteAddress ?? '',
    isTls: 'encrypted' in socket,
  };
}

/** Refuses what another site's page sends with our cookie. Browsers send an origin with each change; a program with a token need not. */
function refuseStrangers({ headers }: IncomingMessage): void {
  const { origin, host, authorization } = headers;
  if (origin === undefined ? authorization !== undefined : hostIn(origin) === host) return;
  throw new PortcullisError('NOT_ALLOWED', 'This page may not change anything here: it comes from another site.');
}

function hostIn(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
