import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Ask } from '../../../../gateway/cells/handles/ask.ts';
import { handleLimits } from '../../../../gateway/cells/handles/handle-limits.ts';
import { httpHandle, type Resolve } from '../../../../gateway/cells/handles/http-handle.ts';
import type { Told } from '../../../../gateway/cells/handles/told.ts';
import { endpointOf } from '../../../../gateway/lib/endpoint.ts';
import { systemClock } from '../../../../gateway/lib/clock.ts';

async function listen(t: TestContext, answer: RequestListener): Promise<{ port: number; hits: () => number }> {
  let hits = 0;
  const server = createServer((request, response) => {
    hits += 1;
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, hits: () => hits };
}

const never = new AbortController().signal;

function asker(outbound: readonly string[], resolve?: Resolve) {
  const handle = httpHandle(outbound.map(endpointOf), { clock: systemClock, resolve });
  return (url: string, more: Partial<Ask<'request'>> = {}, signal = never): Promise<Told> =>
    handle({ do: 'request', url, method: 'GET', headers: [], ...more }, signal);
}

const codeOf = (told: Told): string => (told.is === 'refused' ? told.code : 'done');
const bodyOf = (told: Told): string => {
  assert.ok(told.is === 'done', JSON.stringify(told));
  return Buffer.from((told.value as { body: string }).body, 'base64').toString();
};
const at = (...addresses: string[]): Resolve => {
  let turn = 0;
  return () => Promise.resolve([{ address: addresses[Math.min(turn++, addresses.length - 1)] ?? '', family: 4 }]);
};

test('other hosts, ports, schemes and addresses with credentials are not granted', async (t) => {
  const { port, hits } = await listen(t, (_request, response) => response.end());
  const ask = asker([`127.0.0.1:${port}`]);
  for (const url of [
    `http://127.0.0.2:${port}/`,
    `http://127.0.0.1:${port + 1}/`,
    `http://example.org:${port}/`,
    `http://user:pass@127.0.0.1:${port}/`,
    'file:///etc/passwd',
    'no url',
  ]) {
    assert.equal(codeOf(await ask(url)), 'PC-R207', url);
  }
  const plain = httpHandle([{ ...endpointOf(`127.0.0.1:${port}`), proto: 'https' }], { clock: systemClock });
  const wish: Ask<'request'> = { do: 'request', url: `http://127.0.0.1:${port}/`, method: 'GET', headers: [] };
  assert.equal(codeOf(await plain(wish, never)), 'PC-R207');
  assert.equal(hits(), 0);
});

test('a name at a private address is refused, unless the contract names the address as well', async (t) => {
  const { port, hits } = await listen(t, (_request, response) => response.end('inside'));
  const url = `http://meter.example:${port}/`;
  for (const grants of [[`meter.example:${port}`], [`*:${port}`], [`meter.example:${port}`, `0.0.0.0/0:${port}`]]) {
    assert.equal(codeOf(await asker(grants, at('127.0.0.1'))(url)), 'PC-R208', grants.join());
  }
  assert.equal(codeOf(await asker([`*:${port}`])(`http://127.0.0.1:${port}/`)), 'PC-R208');
  assert.equal(codeOf(await asker([`meter.example:${port}`, '127.0.0.0/8:1'], at('127.0.0.1'))(url)), 'PC-R208');
  assert.equal(hits(), 0);
  const ask = asker([`meter.example:${port}`, `127.0.0.0/8:${port}`], at('127.0.0.1'));
  assert.equal(bodyOf(await ask(url)), 'inside');
});

test('a name that is rebound after the check is not asked for again: the socket goes to the checked address', async (t) => {
  const { port, hits } = await listen(t, (request, response) => response.end(request.headers.host));
  let asked = 0;
  const rebinding: Resolve = () => {
    asked += 1;
    return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
  };
  const ask = asker([`meter.example:${port}`, `127.0.0.0/8:${port}`], rebinding);
  assert.equal(bodyOf(await ask(`http://meter.example:${port}/`)), `meter.example:${port}`);
  assert.equal(asked, 1);
  assert.equal(codeOf(await ask(`http://meter.example:${port}/`)), 'PC-R208');
  assert.equal(hits(), 1);
});

test('a redirect to a private address is an answer, and its target is refused like any other', async (t) => {
  const inside = await listen(t, (_request, response) => response.end('metadata'));
  const target = `http://127.0.0.1:${inside.port}/`;
  const { port } = await listen(t, (_request, response) => response.writeHead(302, { location: target }).end());
  const ask = asker([`127.0.0.1:${port}`]);
  const told = await ask(`http://127.0.0.1:${port}/`);
  assert.ok(told.is === 'done');
  const { status, headers } = told.value as { status: number; headers: Record<string, string> };
  assert.deepEqual([status, headers['location']], [302, target]);
  assert.equal(codeOf(await ask(target)), 'PC-R207');
  assert.equal(inside.hits(), 0);
});

test('answers are bounded in size and time, and end with a revocation', async (t) => {
  const chunk = Buffer.alloc(64 * 1024);
  const { port } = await listen(t, (request, response) => {
    const isSlow = request.url === '/slow';
    if (isSlow) response.writeHead(200).write('.');
    const more = (): void => {
      while (response.writable && response.write(chunk));
      response.once('drain', more);
    };
    if (!isSlow) more();
  });
  const ask = asker([`127.0.0.1:${port}`]);
  assert.equal(codeOf(await ask(`http://127.0.0.1:${port}/endless`)), 'PC-R209');
  assert.equal(codeOf(await ask(`http://127.0.0.1:${port}/slow`, { timeoutMs: 200 })), 'PC-R211');
  const revoked = new AbortController();
  const asking = ask(`http://127.0.0.1:${port}/slow`, {}, revoked.signal);
  revoked.abort();
  assert.equal(codeOf(await asking), 'PC-R211');
  assert.equal(codeOf(await asker(['127.0.0.1:9'])('http://127.0.0.1:9/')), 'PC-R211');
});

test("the headers of the connection are the gateway's own, a body is bounded, and there are only so many at a time", async (t) => {
  const { port } = await listen(t, (request, response) => {
    if (request.url === '/wait') return;
    response.end(JSON.stringify(request.headers));
  });
  const ask = asker([`127.0.0.1:${port}`]);
  const url = `http://127.0.0.1:${port}/`;
  const headers: [string, string][] = [
    ['Host', 'other.example'],
    ['Transfer-Encoding', 'chunked'],
    ['X-Key', 'kept'],
  ];
  const seen = JSON.parse(bodyOf(await ask(url, { headers }))) as Record<string, string>;
  assert.deepEqual([seen['host'], seen['transfer-encoding'], seen['x-key']], [`127.0.0.1:${port}`, undefined, 'kept']);
  const body = Buffer.alloc(handleLimits.requestBytes + 1);
  assert.equal(codeOf(await ask(url, { method: 'POST', body })), 'PC-R209');
  const revoked = new AbortController();
  const waiting = Array.from({ length: handleLimits.concurrentRequests }, () => ask(`${url}wait`, {}, revoked.signal));
  assert.equal(codeOf(await ask(url)), 'PC-R209');
  revoked.abort();
  await Promise.all(waiting);
});
