import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** A loopback port that is free now, below those that the kernel gives to connections: none of them takes it meanwhile. */
export function freePort(): Promise<number> {
  const port = randomInt(12_000, 32_000);
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(freePort()) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}
