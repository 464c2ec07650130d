import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { helloSchema, type Hello } from './wire.ts';
import { isSameSecret } from './same-secret.ts';

/** Where Node-RED's process finds the gateway. Nothing listens on its own side. */
export interface Door extends AsyncDisposable {
  readonly socketPath: string;
}

/** sun_path of unix(7) holds 108 bytes, the last of them zero. */
const longestPath = 107;
const helloMs = 5_000;
const helloBytes = 1_024;
/** Pages that are open at the same time, the channel, and one that is being replaced. */
const maxConnections = 64;

export const socketName = 'gateway.sock';
export const secretName = 'secret';

/**
 * Listens in the folder until disposed; the socket file is there only meanwhile. Who connects must know the secret that is
 * made here and lies beside it: other programs of the same user, such as plugins, cannot read the folder.
 * Throws CONFIG_INVALID when the folder's path is too long for a socket.
 */
export async function listenDoor(folder: string, take: (hello: Hello, socket: Socket) => void): Promise<Door> {
  const socketPath = join(folder, socketName);
  if (Buffer.byteLength(socketPath) > longestPath) {
    const sentence = `${socketPath} is too long for a socket. Set flows.folder to a shorter path.`;
    throw new PortcullisError('CONFIG_INVALID', sentence);
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const secret = randomBytes(32).toString('base64url');
  const secretPath = join(folder, secretName);
  await atomicWrite(secretPath, secret, 0o640);
  // The umask takes the group's right away; where the folder has a group, it is that of Node-RED's own user.
  await chmod(secretPath, 0o640);
  await rm(socketPath, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    greet(socket, secret, take);
  });
  server.maxConnections = maxConnections;
  server.listen(socketPath);
  await once(server, 'listening');
  await chmod(socketPath, 0o660);
  return {
    socketPath,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
      await rm(socketPath, { force: true });
    },
  };
}

/** Reads the first line and hands the socket on, paused, with everything behind it still to be read. */
function greet(socket: Socket, secret: string, take: (hello: Hello, socket: Socket) => void): void {
  let read: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), helloMs);
  socket.on('close', () => clearTimeout(timer));
  const hear = (chunk: Buffer): void => {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf('\n');
    if (end < 0 && read.length <= helloBytes) return;
    socket.off('data', hear);
    socket.pause();
    clearTimeout(timer);
    const hello = end < 0 ? undefined : helloIn(read.subarray(0, end).toString());
    if (hello === undefined || !isSameSecret(hello.secret, secret)) return void socket.destroy();
    const rest = read.subarray(end + 1);
    if (rest.length > 0) socket.unshift(rest);
    take(hello, socket);
  };
  socket.on('data', hear);
}

function helloIn(line: string): Hello | undefined {
  try {
    return helloSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
