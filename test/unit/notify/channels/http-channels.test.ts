import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { ownCertificate } from '../../../../gateway/lib/own-certificate.ts';
import type { Letter } from '../../../../gateway/notify/channels/channel.ts';
import { openNtfy } from '../../../../gateway/notify/channels/ntfy.ts';
import { openWebhook } from '../../../../gateway/notify/channels/webhook.ts';
import { tempDir } from '../../buffer/buffer-fixture.ts';
import { frost } from '../notify-rig.ts';

const signal = AbortSignal.timeout(60_000);
const words = { gateway: 'gw-1', timeZone: 'UTC', pathOf: () => undefined };
const notice = {
  id: 'n1',
  who: 'Ann',
  channel: 'hook',
  to: '',
  why: 'raised' as const,
  alarm: frost,
  bornMs: 0,
  dueMs: 0,
  at: 0,
};
const letter: Letter = { id: 'l1', to: 'house', notices: [notice] };
const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString('base64')}`;

interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real server that answers with what it is told to. */
async function serve(t: TestContext, tls?: { cert: string; key: string }) {
  const seen: Seen[] = [];
  const rig = { status: 204, headers: {} as Record<string, string>, seen, url: '', port: 0 };
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(rig.status, rig.headers).end();
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  rig.port = (server.address() as AddressInfo).port;
  rig.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${rig.port}/hook`;
  return rig;
}

function hook(t: TestContext, url: string, more: object = {}) {
  const channel = openWebhook(
    { kind: 'webhook', url, secret, allowPrivate: false, ...more },
    words,
    () => 1_700_000_000_500,
  );
  t.after(() => channel[Symbol.asyncDispose]());
  return channel;
}

test('a webhook is signed as Standard Webhooks says, and its id stays over retries', async (t) => {
  const server = await serve(t);
  const channel = hook(t, server.url);
  server.status = 503;
  server.headers = { 'retry-after': '7' };
  assert.deepEqual(await channel.send(letter, signal), {
    is: 'away',
    why: 'The far side answered 503.',
    forMs: 7_000,
  });
  server.status = 204;
  assert.deepEqual(await channel.send(letter, signal), { is: 'taken' });
  assert.equal(server.seen.length, 2);
  for (const { headers, body } of server.seen) {
    assert.deepEqual([headers['webhook-id'], headers['webhook-timestamp']], ['l1', '1700000000']);
    const signature = createHmac('sha256', key).update(`l1.1700000000.${body}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${signature}`);
    const { type, data } = JSON.parse(body) as { type: string; data: { alarm: { code: string } } };
    assert.deepEqual([type, data.alarm.code], ['alarm.raised', 'FROST']);
  }
});

test('redirects are not followed, and what the far side refuses for good is not tried again', async (t) => {
  const [server, elsewhere] = [await serve(t), await serve(t)];
  const channel = hook(t, server.url);
  server.status = 307;
  server.headers = { location: elsewhere.url };
  assert.equal((await channel.send(letter, signal)).is, 'away');
  assert.deepEqual(elsewhere.seen, []);
  for (const status of [400, 410, 422]) {
    server.status = status;
    assert.equal((await channel.send(letter, signal)).is, 'refused');
  }
  server.status = 404;
  assert.equal((await channel.send(letter, signal)).is, 'later');
});

test('a name that points into this machine is refused unless the operator allows it', async (t) => {
  const certificate = await ownCertificate(await tempDir(t), 'gw.local', Date.now());
  const server = await serve(t, certificate);
  const name = hostname().toLowerCase();
  const url = `https://${name}:${server.port}/`;
  const guarded = await hook(t, url, { ca: certificate.cert }).send(letter, signal);
  assert.deepEqual(guarded, { is: 'away', why: `${name} points to a local address.` });
  assert.deepEqual(server.seen, []);
  const allowed = await hook(t, url, { ca: certificate.cert, allowPrivate: true }).send(letter, signal);
  // The name may stand for another address of this machine than the one that is listened on.
  if (allowed.is !== 'taken') assert.doesNotMatch(JSON.stringify(allowed), /points to/);
  assert.throws(() => hook(t, 'https://169.254.169.254/'), { code: 'CONFIG_INVALID' });
  assert.throws(() => hook(t, 'http://ops.example.org/'), { code: 'CONFIG_INVALID', message: /https/ });
  assert.throws(() => hook(t, server.url, { secret: 'whsec_short' }), { code: 'CONFIG_INVALID', message: /base64/ });
});

test('a certificate that nobody vouches for gets nothing; with its authority it does', async (t) => {
  const certificate = await ownCertificate(await tempDir(t), 'gw.local', Date.now());
  const server = await serve(t, certificate);
  assert.equal((await hook(t, server.url).send(letter, signal)).is, 'away');
  assert.deepEqual(server.seen, []);
  assert.deepEqual(await hook(t, server.url, { ca: certificate.cert }).send(letter, signal), { is: 'taken' });
});

test('ntfy gets topic, priority and token, and several alarms in one message', async (t) => {
  const server = await serve(t);
  const url = new URL('/', server.url).href;
  const channel = openNtfy({ kind: 'ntfy', url, token: 'tk_1', allowPrivate: false }, words);
  t.after(() => channel[Symbol.asyncDispose]());
  const damp = { ...notice, alarm: { ...frost, code: 'DAMP' } };
  await channel.send({ ...letter, notices: [{ ...notice, alarm: { ...frost, severity: 'critical' } }, damp] }, signal);
  const [said] = server.seen;
  assert.equal(said?.headers.authorization, 'Bearer tk_1');
  const { topic, priority, title, message, sequence_id } = JSON.parse(said?.body ?? '') as Record<string, string>;
  assert.deepEqual([topic, priority, sequence_id], ['house', 5, 'l1']);
  assert.equal(title, '[gw-1] CRITICAL FROST at z2m:1 and 1 more');
  assert.match(message ?? '', /MEDIUM DAMP at z2m:1/);
});
