import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { keepIdentity } from '../../simulator/cloud/certificate.ts';
import { freePort } from '../../test/harness/free-port.ts';
import type { FarSide } from './contender.ts';
import { listeningSide } from './listening-side.ts';
import { numbersIn } from './numbers.ts';

export interface HttpsSide extends FarSide {
  readonly url: string;
  readonly caFile: string;
}

/** Takes JSON by POST, answers 200, and remembers the numbers in it; nobody listens while it is away. */
export async function openHttpsSide(folder: string): Promise<HttpsSide> {
  const { cert, key, caFile } = await keepIdentity(folder);
  const port = await freePort();
  const numbers = new Set<number>();
  const server = createServer({ cert, key }, (request, response) => {
    void text(request).then(
      (body) => {
        for (const n of numbersIn(body)) numbers.add(n);
        response.writeHead(200).end('{}');
      },
      () => response.destroy(),
    );
  });
  return {
    url: `https://127.0.0.1:${port}/`,
    caFile,
    ...listeningSide(server, port, numbers, () => server.closeAllConnections()),
  };
}
