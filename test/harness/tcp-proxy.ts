import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Ends } from './ends.ts';

/**
 * What a link does to connections. `down`: closed at once, those that are open too. `half-open`: bytes are taken and go nowhere.
 * `answers-lost`: what is asked arrives, the answer ends the connection. `slow`: 8 KiB a second each way. `lossy`: one chunk in
 * three ends its connection.
 */
export const linkFaults = ['down', 'half-open', 'answers-lost', 'slow', 'lossy'] as const;
export type Link = 'up' | (typeof linkFaults)[number];

export interface TcpProxy {
  readonly port: number;
  /** Holds for connections that are open and for new ones. Going up again ends those that a fault has spoiled. */
  set(link: Link): void;
}

const slowBytesPerSecond = 8_192;

/** A way to a port of this machine that can be spoiled. `chance` says whether a chunk is lost on a lossy link. */
export async function startTcpProxy(ends: Ends, to: number, chance: () => boolean): Promise<TcpProxy> {
  let link: Link = 'up';
  const open = new Set<Socket>();
  const endAll = (): void => open.forEach((socket) => socket.destroy());

  const carry = (from: Socket, into: Socket, isAnswer: boolean): void => {
    open.add(from);
    from.on('error', () => undefined);
    from.on('close', () => {
      open.delete(from);
      into.destroy();
    });
    from.on('end', () => into.end());
    from.on('data', (chunk) => {
      if (link === 'half-open') return;
      if ((link === 'answers-lost' && isAnswer) || (link === 'lossy' && chance())) {
        from.destroy();
        return;
      }
      into.write(chunk);
      if (link !== 'slow') return;
      from.pause();
      setTimeout(() => from.resume(), (1_000 * chunk.length) / slowBytesPerSecond);
    });
  };
  const server = createServer((inside) => {
    if (link === 'down') {
      inside.destroy();
      return;
    }
    const outside = connect(to, '127.0.0.1');
    carry(inside, outside, false);
    carry(outside, inside, true);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ends.after(() => {
    server.close();
    endAll();
  });
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      if (next === 'down' || next === 'up') endAll();
      link = next;
    },
  };
}
