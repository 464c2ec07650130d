import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { z } from 'zod';
import { listenApi } from '../../../gateway/api/listen-api.ts';
import { route } from '../../../gateway/api/route.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openAccessRig } from '../access/access-fixture.ts';

type Answer = () => Promise<object>;

const part = (path: string, needs: 'nothing' | 'device.read' | 'audit.read', handle: Answer) =>
  route({
    method: 'GET',
    path,
    summary: '',
    needs,
    input: z.object({ limit: z.string().optional() }),
    result: z.looseObject({}),
    handle,
  });

interface Given {
  readonly home?: Answer;
  readonly needs?: 'device.read' | 'audit.read';
}

/** Home is what its one call answers, in braces. Resolves with a look at it. */
async function startHome(t: TestContext, { home = async () => ({ isWell: true }), needs = 'device.read' }: Given = {}) {
  const { access, store } = await openAccessRig(t);
  const denials = async () => (await access.audit.list({ outcome: 'denied', limit: 10 })).entries.length;
  const told: string[] = [];
  const paths = { pathOfSession: '/api/v1/session', pathsOfHome: ['/api/v1/home?limit=5'] };
  const draw = (answers: ReadonlyMap<string, unknown>) => `{${JSON.stringify([...answers.entries()])}}`;
  const document = {
    path: '/',
    contentType: 'text/html',
    body: Buffer.from('asking'),
    etag: '"1"',
    isImmutable: false,
    picture: async () => ({ ...paths, draw }),
  };
  const log = pino({ level: 'error' }, { write: (line: string) => void told.push(line) });
  const routes = [part('/api/v1/session', 'nothing', async () => ({ name: 'me' })), part('/api/v1/home', needs, home)];
  const metrics = { contentType: 'text/plain', text: async () => '' };
  const api = await listenApi(
    { host: '127.0.0.1', port: 0, version: '1.2.3' },
    { routes, access, store, assets: [document], metrics, notReadyBecause: async () => [], clock: systemClock, log },
  );
  t.after(() => api[Symbol.asyncDispose]());
  const get = (headers: Record<string, string> = {}) => fetch(`http://127.0.0.1:${api.port}/`, { headers });
  return { get, told, denials };
}

test('home stands in the document for whoever may see it, packed, and no cache keeps it', async (t) => {
  const { get } = await startHome(t);
  const drawn = '{[["/api/v1/session",{"name":"me"}],["/api/v1/home?limit=5",{"isWell":true}]]}';
  for (const coding of ['gzip', 'identity']) {
    const answer = await get({ 'accept-encoding': coding });
    assert.equal(answer.headers.get('content-encoding'), coding === 'gzip' ? 'gzip' : null);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('etag'), null);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(await answer.text(), drawn);
  }
});

test('who is nobody gets the document alone, and who may not see all of home too, without a denial in the log', async (t) => {
  const stranger = await startHome(t);
  const answer = await stranger.get({ 'x-forwarded-for': '192.0.2.1' });
  assert.deepEqual([await answer.text(), answer.headers.get('etag')], ['asking', '"1"']);
  const viewer = await startHome(t, { needs: 'audit.read' });
  assert.equal(await (await viewer.get()).text(), 'asking');
  assert.equal(await viewer.denials(), 0);
});

test('a house that does not answer soon, or fails, is asked for by the page', async (t) => {
  const { promise: never } = Promise.withResolvers<object>();
  const slow = await startHome(t, { home: () => never });
  assert.equal(await (await slow.get()).text(), 'asking');
  assert.deepEqual(slow.told, []);
  const broken = await startHome(t, { home: async () => Promise.reject(new Error('a fault inside')) });
  assert.equal(await (await broken.get()).text(), 'asking');
  assert.match(broken.told.join(''), /a fault inside/);
});
