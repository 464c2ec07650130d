import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Scheduler } from '../lib/scheduler.ts';
import { refuseStrangers, type MountDoor } from './mount-door.ts';
import type { Mount } from './serve-mount.ts';

/** For so long a connection may wait until it is known who asks. */
const knownWithinMs = 10_000;
/** How often it is found out who may not look any more. */
const askAgainMs = 15_000;
const refusal = 'HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n';

/** Whether one of the mounts takes the connection. Any other stays one of HTTP, which answers it and bounds its time. */
export function takenBy(mounts: readonly Mount[]): (request: Pick<IncomingMessage, 'url'>) => boolean {
  return ({ url = '' }) => mounts.some((mount) => isBelow(mount, url));
}

const isBelow = ({ path }: Mount, url: string): boolean => url.startsWith(`${path}/`);

/** The WebSockets of a mount. Node has let go of their connections: their errors, their time and, at disposal, their end are ours. */
export function serveUpgrades(
  server: FastifyInstance,
  mount: Mount,
  door: MountDoor,
  scheduler: Scheduler,
): Disposable {
  const sockets = new Set<Duplex>();
  const open = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    // A browser lets every page open a WebSocket to everywhere.
    refuseStrangers(request);
    const caller = await door.admit(request);
    if (socket.destroyed) return;
    const visitor = door.visitorOf(caller);
    endWith(socket, () => door.isStill(visitor, caller), scheduler);
    mount.upgrade(request, socket, head, visitor);
  };
  const take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!isBelow(mount, request.url ?? '')) return;
    const late = scheduler.after(knownWithinMs, () => socket.destroy());
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    open(request, socket, head)
      .catch(() => socket.end(refusal, () => socket.destroy()))
      .finally(() => late[Symbol.dispose]());
  };
  server.server.on('upgrade', take);
  return {
    [Symbol.dispose]() {
      server.server.off('upgrade', take);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Closes the connection when its visitor may not look any more. */
function endWith(socket: Duplex, isStill: () => Promise<boolean>, scheduler: Scheduler): void {
  const ask = async (): Promise<void> => {
    const stays = await isStill().catch(() => false);
    if (!stays) socket.destroy();
    if (!socket.destroyed) next = scheduler.after(askAgainMs, () => void ask());
  };
  let next = scheduler.after(askAgainMs, () => void ask());
  socket.on('close', () => next[Symbol.dispose]());
}
