import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { AccessDesk, Caller, Permission } from '../../contracts/actor.ts';
import type { Scheduler } from '../lib/scheduler.ts';
import { mountDoor, refuseStrangers } from './mount-door.ts';
import { serveUpgrades } from './serve-upgrades.ts';

/** A part of the addresses that something else serves, behind the same login as everything here. */
export interface Mount {
  /** Without a slash at its end; everything below belongs to it. */
  readonly path: string;
  readonly needs: { readonly see: Permission; readonly edit: Permission };
  handle(request: IncomingMessage, response: ServerResponse, visitor: Visitor): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor): void;
}

export interface Visitor {
  readonly name: string;
  readonly mayEdit: boolean;
}

export interface MountParts {
  readonly access: AccessDesk;
  readonly scheduler: Scheduler;
}

const bodyLimit = 6 * 1024 * 1024;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/** In a scope of its own: bodies are not read here, only passed on. Disposing closes its WebSockets, for which a server that closes would wait. */
export async function serveMount(
  server: FastifyInstance,
  mount: Mount,
  { access, scheduler }: MountParts,
): Promise<Disposable> {
  const door = mountDoor(mount, access);
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { bodyLimit }, (_request, _payload, done) => done(null));
    scope.get(mount.path, async (_request, reply) => reply.redirect(`${mount.path}/`));
    scope.route({
      method: methods,
      url: `${mount.path}/*`,
      handler: async (request, reply) => {
        const caller = await door.admit(request.raw);
        if (isChange(request.raw)) await noteChange(request.raw, reply.raw, caller);
        reply.hijack();
        mount.handle(request.raw, reply.raw, door.visitorOf(caller));
      },
    });
  });
  /** It is in the audit log before it is passed on, and how it ended behind it. */
  const noteChange = async (request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> => {
    refuseStrangers(request);
    access.demand(caller, mount.needs.edit, 'everything');
    const ended = await access.begin(caller, mount.needs.edit, 'everything');
    response.on('close', () => ended(response.statusCode < 400 ? 'done' : 'failed'));
  };
  return serveUpgrades(server, mount, door, scheduler);
}

const isChange = ({ method }: IncomingMessage): boolean => method !== 'GET' && method !== 'HEAD';
