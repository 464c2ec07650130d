import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { openTuyaClient } from '../../../../gateway/delivery/tuya/client.ts';
import { systemClock } from '../../../../gateway/lib/clock.ts';
import type { CertificateTuning } from '../../../harness/certificate.ts';
import { listenTls } from './tls-server.ts';

const lasting = new AbortController().signal;
const call = { method: 'POST', target: '/v1.0/x', payload: '{}', keys: ['a', 'b'] } as const;
const dayMs = 86_400_000;

const send = (response: ServerResponse, body: object, status = 200, headers = {}): void => {
  response.writeHead(status, headers);
  response.end(JSON.stringify(body));
};
const token = { access_token: 'acc', refresh_token: 'ref', expire_time: 7_200 };

/** Answers token calls well and business calls as the test says. */
const cloud =
  (business: RequestListener): RequestListener =>
  (request, response) => {
    if (request.url?.startsWith('/v1.0/token')) send(response, { success: true, result: token });
    else business(request, response);
  };

async function setUp(t: TestContext, answer: RequestListener, tls: CertificateTuning & { ca?: string } = {}) {
  const server = await listenTls(t, answer, tls);
  const client = openTuyaClient(
    {
      endpoint: server.url,
      clientId: 'id',
      secret: 'secret',
      ca: tls.ca ?? server.ca,
      connections: 2,
      connectTimeoutMs: 1_000,
      answerTimeoutMs: 300,
    },
    systemClock,
  );
  t.after(() => client[Symbol.asyncDispose]());
  return client;
}

test('a call carries token, signature, content type and all message ids', async (t) => {
  let seen: Record<string, unknown> = {};
  const client = await setUp(
    t,
    cloud((request, response) => {
      seen = request.headers;
      send(response, { success: true, result: 7 });
    }),
  );
  assert.deepEqual(await client.call(call, lasting), { ok: true, result: 7 });
  assert.equal(seen['access_token'], 'acc');
  assert.equal(seen['idempotency-key'], 'a,b');
  assert.equal(seen['content-type'], 'application/json');
  assert.match(String(seen['sign']), /^[0-9A-F]{64}$/);
  assert.match(String(seen['t']), /^\d{13}$/);
});

test('a redirect is not followed', async (t) => {
  let elsewhere = 0;
  const client = await setUp(
    t,
    cloud((request, response) => {
      if (request.url === '/elsewhere') elsewhere += 1;
      send(response, {}, 302, { location: '/elsewhere' });
    }),
  );
  const answer = await client.call(call, lasting);
  assert.equal(!answer.ok && answer.class, 'transport');
  assert.equal(elsewhere, 0);
});

test('an answer without end is cut off', { timeout: 20_000 }, async (t) => {
  const client = await setUp(
    t,
    cloud((_request, response) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    }),
  );
  const answer = await client.call(call, lasting);
  assert.equal(!answer.ok && answer.code, 'UND_ERR_RES_EXCEEDED_MAX_SIZE');
});

test('a far side that takes the request and stays silent is given up', async (t) => {
  const client = await setUp(
    t,
    cloud(() => {}),
  );
  const answer = await client.call(call, lasting);
  assert.equal(!answer.ok && answer.code, 'UND_ERR_HEADERS_TIMEOUT');
});

test('Retry-After is obeyed, and a page that is no envelope is no verdict', async (t) => {
  const client = await setUp(
    t,
    cloud((_request, response) => {
      response.writeHead(429, { 'retry-after': '7' });
      response.end('<html>slow down</html>');
    }),
  );
  const answer = await client.call(call, lasting);
  assert.deepEqual(!answer.ok && [answer.class, answer.retryAfterMs], ['throttle', 7_000]);
});

test('a refused token is renewed once for all callers, and each call is tried once more', async (t) => {
  let tokens = 0;
  let calls = 0;
  const client = await setUp(t, (request, response) => {
    if (request.url?.startsWith('/v1.0/token')) {
      tokens += 1;
      send(response, { success: true, result: { ...token, access_token: `acc${tokens}` } });
      return;
    }
    calls += 1;
    const stale = request.headers['access_token'] === 'acc1';
    send(response, stale ? { success: false, code: 1010, msg: 'token invalid' } : { success: true, result: true });
  });
  const answers = await Promise.all([call, call, call].map((each) => client.call(each, lasting)));
  assert.ok(answers.every(({ ok }) => ok));
  assert.deepEqual([tokens, calls], [2, 6]);
});

const untrusted: readonly (CertificateTuning & {
  readonly title: string;
  readonly code: string;
  readonly class: string;
})[] = [
  { title: 'for another host', ip: '127.0.0.2', code: 'ERR_TLS_CERT_ALTNAME_INVALID', class: 'certificate' },
  {
    title: 'of the future',
    notBefore: new Date(Date.now() + dayMs),
    notAfter: new Date(Date.now() + 2 * dayMs),
    code: 'CERT_NOT_YET_VALID',
    class: 'time',
  },
  {
    title: 'of the past',
    notBefore: new Date(Date.now() - 3 * dayMs),
    notAfter: new Date(Date.now() - dayMs),
    code: 'CERT_HAS_EXPIRED',
    class: 'time',
  },
];
for (const { title, code, class: kind, ...tls } of untrusted) {
  test(`a certificate ${title} is never accepted: ${kind}`, async (t) => {
    let reached = false;
    const client = await setUp(t, () => (reached = true), tls);
    const refusal = await client.login(lasting);
    assert.deepEqual([refusal?.class, refusal?.code], [kind, code]);
    assert.equal(reached, false);
  });
}

test('a certificate of an authority that was not named is never accepted', async (t) => {
  const other = await listenTls(t, () => {});
  const client = await setUp(
    t,
    cloud(() => {}),
    { ca: other.ca },
  );
  const refusal = await client.login(lasting);
  assert.deepEqual([refusal?.class, refusal?.code], ['certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT']);
});
