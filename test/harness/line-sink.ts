import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Ends } from './ends.ts';

/**
 * What a time-series database with the write API of InfluxDB 1 would hold: a point is its series and its time, and the same
 * point again changes nothing (docs.influxdata.com, "Duplicate points"). A real one is in test/integration/influx.test.ts.
 */
export interface LineSink {
  readonly port: number;
  /** What came of each number that devices counted (see publisher.ts). */
  readonly numbers: ReadonlyMap<number, Arrived>;
}

interface Arrived {
  readonly points: ReadonlySet<string>;
  /** Wall milliseconds. */
  readonly firstAt: number;
}

const numberLine = /^x\.json\.n,(\S+) value=(\d+),\S+ (\d+)$/;

export async function startLineSink(ends: Ends): Promise<LineSink> {
  const numbers = new Map<number, { points: Set<string>; firstAt: number }>();
  const take = (body: string): void => {
    for (const line of body.split('\n')) {
      const [, series = '', n, time = ''] = numberLine.exec(line) ?? [];
      if (n === undefined) continue;
      const arrived = numbers.get(Number(n)) ?? { points: new Set(), firstAt: Date.now() };
      arrived.points.add(`${series} ${time}`);
      numbers.set(Number(n), arrived);
    }
  };
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        if (request.method === 'POST') take(body);
        response.writeHead(204).end();
      },
      // It broke off on the way: nothing of it came.
      () => response.destroy(),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ends.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, numbers };
}
