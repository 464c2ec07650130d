import { once } from 'node:events';
import type { Server } from 'node:net';
import type { FarSide } from './contender.ts';

/** A far side behind a server on a port of its own: `cut` ends its connections when it vanishes. */
export function listeningSide(server: Server, port: number, numbers: Set<number>, cut: () => void): FarSide {
  const vanish = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  return {
    numbers: async () => numbers,
    count: () => numbers.size,
    forget: async () => numbers.clear(),
    async appear() {
      if (!server.listening) await once(server.listen(port, '127.0.0.1'), 'listening');
    },
    vanish,
    [Symbol.asyncDispose]: vanish,
  };
}
