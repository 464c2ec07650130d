import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { z } from 'zod';
import { makeCertificate } from '../../harness/certificate.ts';
import { openAccessRig } from '../access/access-fixture.ts';
import { plainParts } from './api-parts.ts';
import { listenApi, type Api, type ApiOptions } from '../../../gateway/api/listen-api.ts';
import { route } from '../../../gateway/api/route.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';

async function startApi(
  t: TestContext,
  notReady: readonly string[] = [],
  options: Pick<ApiOptions, 'securityContact' | 'tls'> = {},
): Promise<Api> {
  const echo = route({
    method: 'GET',
    path: '/api/v1/echo',
    summary: 'Says it back.',
    needs: 'device.read',
    input: z.object({ limit: z.coerce.number().int().max(10).default(3) }),
    result: z.object({ limit: z.number() }),
    handle: async ({ limit }) => {
      if (limit === 7) throw new Error('secret inner text');
      return { limit };
    },
  });
  const write = route({
    method: 'POST',
    path: '/api/v1/things/:thing',
    summary: 'Takes a name.',
    needs: 'device.edit',
    input: z.strictObject({ thing: z.string(), name: z.string() }),
    result: z.object({}),
    handle: async (input) => input,
  });
  const { access, store } = await openAccessRig(t);
  const api = await listenApi(
    { host: '127.0.0.1', port: 0, version: '1.2.3', ...options },
    {
      routes: [echo, write],
      access,
      store,
      assets: [
        { path: '/', contentType: 'text/html', body: Buffer.from('<p>hello'), etag: '"1"', isImmutable: false },
        {
          path: '/assets/a-1.js',
          contentType: 'text/javascript',
          body: Buffer.from('plain'),
          gzip: gzipSync('packed'),
          brotli: brotliCompressSync('smaller'),
          etag: '"2"',
          isImmutable: true,
        },
      ],
      metrics: { contentType: 'text/plain', text: async () => 'up 1\n' },
      notReadyBecause: async () => notReady,
      clock: systemClock,
      log: pino({ level: 'silent' }),
    },
  );
  t.after(() => api[Symbol.asyncDispose]());
  return api;
}

test('health, readiness, metrics, the page and the OpenAPI document answer', async (t) => {
  const { port } = await startApi(t);
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  for (const path of ['/healthz', '/readyz', '/metrics', '/']) assert.equal((await get(path)).status, 200, path);
  const document = (await (await get('/openapi.json')).json()) as { openapi: string; paths: Record<string, unknown> };
  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(Object.keys(document.paths), ['/api/v1/echo', '/api/v1/things/{thing}']);
  const policy = (await get('/')).headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'.*script-src 'self'.*frame-src 'self'.*frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
});

test('a file of the page comes in the smallest form that the browser takes, and only when it changed', async (t) => {
  const { port } = await startApi(t);
  const get = (path: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers });
  for (const [encoding, text] of [
    ['gzip, deflate, br', 'smaller'],
    ['gzip, deflate', 'packed'],
    ['identity', 'plain'],
  ] as const) {
    const answer = await get('/assets/a-1.js', { 'accept-encoding': encoding });
    assert.equal(await answer.text(), text);
    assert.match(answer.headers.get('cache-control') ?? '', /immutable/);
  }
  const page = await get('/', { 'accept-encoding': 'br' });
  assert.deepEqual([page.headers.get('cache-control'), await page.text()], ['no-cache', '<p>hello']);
  assert.equal((await get('/', { 'if-none-match': '"1"' })).status, 304);
  assert.equal((await get('/', { 'if-none-match': '"0"' })).status, 200);
});

test('what is not ready is said with 503', async (t) => {
  const { port } = await startApi(t, ['The disk is full.']);
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.equal(answer.status, 503);
  assert.deepEqual(await answer.json(), { status: 'not ready', because: ['The disk is full.'] });
});

test('whom to tell of a weakness is served where it is configured, for a year', async (t) => {
  const contact = 'mailto:security@example.com';
  const { port } = await startApi(t, [], { securityContact: contact });
  const answer = await fetch(`http://127.0.0.1:${port}/.well-known/security.txt`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  const [first, second = ''] = (await answer.text()).split('\n');
  assert.equal(first, `Contact: ${contact}`);
  assert.ok(Date.parse(second.replace('Expires: ', '')) > Date.now() + 360 * 86_400_000, second);
  const without = await startApi(t);
  assert.equal((await fetch(`http://127.0.0.1:${without.port}/.well-known/security.txt`)).status, 404);
});

test('a wrong query, an unknown path and a fault are problem details without inner text', async (t) => {
  const { port } = await startApi(t);
  for (const [path, status] of [
    ['/api/v1/echo?limit=99', 400],
    ['/nothing', 404],
    ['/api/v1/things/%zz', 400],
    ['/api/v1/echo?limit=7', 500],
  ] as const) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    assert.equal(answer.status, status);
    assert.match(answer.headers.get('content-type') ?? '', /application\/problem\+json/);
    assert.doesNotMatch(await answer.text(), /secret inner text/);
  }
});

test('a taken port is one clear sentence', async (t) => {
  const { port } = await startApi(t);
  const { access, store } = await openAccessRig(t);
  const deps = { routes: [], access, store, ...plainParts };
  await assert.rejects(listenApi({ host: '127.0.0.1', port, version: '1' }, deps), {
    code: 'PORT_TAKEN',
    message: `Port ${port} on 127.0.0.1 is taken. Set http.port to a free one.`,
  });
});

test('connections have a bound', async (t) => {
  const { port } = await startApi(t);
  const sockets = Array.from({ length: 257 }, (_, n) => connectFrom(t, `127.0.0.${2 + (n % 3)}`, port));
  await Promise.race(sockets.map((socket) => once(socket, 'close')));
});

test('whoever opens connections without end from one address keeps nobody else out, on both ports', async (t) => {
  const { key, cert } = await makeCertificate();
  const { port, tlsPort = 0 } = await startApi(t, [], { tls: { host: '127.0.0.1', port: 0, key, cert } });
  const flood = [port, tlsPort].flatMap((each) => Array.from({ length: 257 }, () => connectFrom(t, '127.0.0.2', each)));
  await Promise.all(flood.map((socket) => once(socket, 'connect')));
  const health = { path: '/healthz', host: '127.0.0.1', agent: false, ca: cert };
  for (const [ask, at] of [
    [request, port],
    [requestTls, tlsPort],
  ] as const) {
    const [answer] = (await once(ask({ ...health, port: at }).end(), 'response')) as [IncomingMessage];
    assert.equal(answer.resume().statusCode, 200);
  }
  for (const socket of flood) socket.destroy();
});

function connectFrom(t: TestContext, localAddress: string, port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

test('what changes something needs the administrator token', async (t) => {
  const { port } = await startApi(t);
  const post = (authorization?: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/api/v1/things/lamp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      body: JSON.stringify({ name: 'x' }),
    });
  for (const wrong of [undefined, 'Bearer wrong', 'Bearer', 'Basic dG9rZW4=']) {
    const answer = await post(wrong);
    assert.equal(answer.status, 401);
    assert.equal(((await answer.json()) as { code: string }).code, 'LOGIN_NEEDED');
  }
  const answer = await post('Bearer token');
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { name: 'x', thing: 'lamp' });
});

test('without a login only this machine reads, by its own name and without a proxy', async (t) => {
  const { port } = await startApi(t);
  const get = (headers: Record<string, string>, path = '/api/v1/echo'): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ port, host: '127.0.0.1', path, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  assert.equal(await get({}), 200);
  assert.equal(await get({ host: `localhost:${port}` }), 200);
  assert.equal(await get({ host: 'rebound.example' }), 401);
  assert.equal(await get({ 'x-forwarded-for': '203.0.113.7' }), 401);
  const inUrl = '/api/v1/echo?token=token&access_token=token&authorization=Bearer%20token';
  assert.equal(await get({ host: 'rebound.example' }, inUrl), 401, 'a secret in the address is no login');
});

test('who says nothing, or half a request, is closed on both ports', async (t) => {
  const { key, cert } = await makeCertificate();
  const { port, tlsPort = 0 } = await startApi(t, [], { tls: { host: '127.0.0.1', port: 0, key, cert } });
  const half = 'GET / HTTP/1.1\r\nHost: x\r\n';
  const plain = ['', half].map((said) => saying(connect(port, '127.0.0.1'), said));
  const silent = connect(tlsPort, '127.0.0.1');
  const secure = connectTls({ port: tlsPort, host: '127.0.0.1', ca: cert });
  await Promise.all([...plain, silent, saying(secure, half)].map((socket) => closed(t, socket)));
});

function saying(socket: Socket, text: string): Socket {
  socket.write(text);
  return socket;
}

async function closed(t: TestContext, socket: Socket): Promise<void> {
  t.after(() => socket.destroy());
  socket.on('error', () => undefined).resume();
  await once(socket, 'close');
}

test('a body that nests beyond its bound is refused, and brackets in texts are none', async (t) => {
  const { port } = await startApi(t);
  const send = async (name: string): Promise<{ status: number; detail?: string }> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/things/a`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer token' },
      body: `{"name":${name}}`,
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const { status, detail } = await send(deep(20_000));
  assert.deepEqual([status, detail], [400, 'The body nests deeper than 64 levels.']);
  assert.match((await send(deep(63))).detail ?? '', /name/);
  assert.equal((await send(`"${'[{'.repeat(100)}\\"${'['.repeat(100)}"`)).status, 200);
});
