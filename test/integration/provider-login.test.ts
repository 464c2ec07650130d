import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Agent, fetch } from 'undici';
import { startDaemon } from '../harness/daemon.ts';
import { freePort } from '../harness/free-port.ts';
import { client, redirectUri, signIn, startOidc } from '../harness/oidc.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';

test('over TLS a browser goes to the identity provider and comes back with a session; no other browser and no second time does', async (t) => {
  const { issuer } = await startOidc(t);
  const clientSecretFile = join(await tempDir(t), 'secret');
  await writeFile(clientSecretFile, client.secret);
  const provider = {
    issuer,
    clientId: client.id,
    clientSecretFile,
    redirectUri,
    scope: 'openid groups',
    nameClaim: 'name',
    roles: { 'site-engineers': 'engineer' },
  };
  const tlsPort = await freePort();
  const daemon = await startDaemon(t, { config: { access: { provider }, http: { tls: { port: tlsPort } } } });
  const ca = await readFile(join(daemon.dataDir, 'tls/cert.pem'), 'utf8');
  const dispatcher = new Agent({ connect: { ca } });
  t.after(() => dispatcher.destroy());
  const ask = async (path: string, cookie = '') => {
    const url = `https://localhost:${tlsPort}${path}`;
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie }, dispatcher });
    const [given = ''] = answer.headers.getSetCookie();
    return { answer, given, cookie: given.split(';')[0] ?? '', text: await answer.text() };
  };
  const setOut = async (login: string) => {
    const { answer, cookie, given } = await ask('/api/v1/login/provider');
    assert.equal(answer.status, 302);
    assert.match(given, /HttpOnly; SameSite=Lax; Secure$/);
    const back = await signIn(answer.headers.get('location') ?? '', login);
    return { back: `${back.pathname}${back.search}`, cookie };
  };

  const ann = await setOut('ann');
  const stranger = await ask(ann.back);
  assert.deepEqual([stranger.answer.status, stranger.cookie], [403, ''], 'the code is of no use without the cookie');
  const again = await setOut('ann');
  const session = await ask(again.back, again.cookie);
  assert.equal(session.answer.status, 200, session.text);
  assert.match(session.given, /^__Host-portcullis=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const known = JSON.parse((await ask('/api/v1/session', session.cookie)).text) as Record<string, unknown>;
  assert.match(JSON.stringify(known), /Person ann/);
  assert.match(JSON.stringify(known), /engineer/);
  assert.equal((await ask('/api/v1/ledger', session.cookie)).answer.status, 200);
  assert.equal((await ask(again.back, again.cookie)).answer.status, 403, 'a way back is good once');

  const eve = await setOut('eve');
  const turnedAway = await ask(eve.back, eve.cookie);
  assert.deepEqual([turnedAway.answer.status, turnedAway.cookie], [403, '']);
  assert.ok(!daemon.printed().includes(client.secret));
});
