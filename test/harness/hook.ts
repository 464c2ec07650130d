import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { waitUntil } from './wait-until.ts';

/** A real web server that takes every webhook. */
export interface Hook {
  /** For `notify.channels` of a configuration. */
  readonly channel: object;
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
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-hook-'));
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `whsec_${Buffer.alloc(32, 'hook').toString('base64')}`);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    channel: { kind: 'webhook', url, secretFile },
    taken,
    has: (count) => waitUntil(`${count} webhooks, there are ${taken.length}`, () => taken.length >= count),
  };
}
