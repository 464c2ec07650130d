import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Each test process has a slice of its own, so that none takes a port that another one has found and not opened yet. */
const slices = { from: 12_000, width: 300, count: 64 } as const;
const from = slices.from + (process.pid % slices.count) * slices.width;
let taken = randomInt(slices.width);

/** A loopback port that is free now, below those that the kernel gives to connections: none of them takes it meanwhile. */
export function freePort(): Promise<number> {
  taken += 1;
  const port = from + (taken % slices.width);
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(freePort()) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}
