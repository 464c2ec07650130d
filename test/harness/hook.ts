import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { waitUntil } from './wait-until.ts';

/** A real web server that takes every webhook. */
export interface Hook {
  readonly url: string;
  /** What came, as `<webhook-id> <why> <code>`. */
  readonly taken: readonly string[];
  has(count: number): Promise<void>;
}

export async function startHook(t: TestContext): Promise<Hook> {
  const taken: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { data } = JSON.parse(body) as { data: { why: string; alarm: { code: string } } };
      taken.push(`${String(request.headers['webhook-id'])} ${data.why} ${data.alarm.code}`);
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    taken,
    has: (count) => waitUntil(`${count} webhooks, there are ${taken.length}`, () => taken.length >= count),
  };
}
