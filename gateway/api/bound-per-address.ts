import type { Server } from 'node:net';
import { tell } from '../observability/channels.ts';

/** Half of what a listener takes: nobody alone keeps all others out, and a proxy that everybody comes through has enough. */
const maxPerAddress = 128;

/** Closes what one address opens beyond its bound, before a byte of it is read. */
export function boundPerAddress(server: Server): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const { remoteAddress = '' } = socket;
    const before = open.get(remoteAddress) ?? 0;
    if (before >= maxPerAddress) {
      tell('rejected', { stage: 'http', reason: 'too-many-connections', count: 1 });
      socket.destroy();
      return;
    }
    open.set(remoteAddress, before + 1);
    socket.on('close', () => {
      const left = (open.get(remoteAddress) ?? 1) - 1;
      if (left > 0) open.set(remoteAddress, left);
      else open.delete(remoteAddress);
    });
  });
}
