import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asking, nowMs, openAccessRig } from './access-fixture.ts';

const bearer = (token: string) => asking({ authorization: `Bearer ${token}` });
const day = 86_400_000;

test('a token has its role and areas until it is over or revoked, and only its hash is on disk', async (t) => {
  const { access, clock, store } = await openAccessRig(t);
  const wish = { name: 'meter reader', role: 'machine', areas: ['east'], expiresInDays: 2 } as const;
  const { token, secret } = await access.accounts.addToken({ ...wish, areas: [...wish.areas] });
  const { actor } = await access.identify(bearer(secret), false);
  assert.deepEqual([actor.kind, actor.name, actor.areas], ['token', 'meter reader', ['east']]);
  assert.ok(access.may(actor, 'device.read', { device: 'east-lamp' }));
  assert.ok(!access.may(actor, 'device.read', { device: 'west-lamp' }));
  assert.ok(!access.may(actor, 'device.edit', { device: 'east-lamp' }));
  assert.ok(!readFileSync(store.file).toString('latin1').includes(secret));

  clock.now = nowMs + 2 * day;
  await assert.rejects(access.identify(bearer(secret), false), { code: 'LOGIN_NEEDED' });
  clock.now = nowMs;
  await access.accounts.removeToken(token.id);
  await assert.rejects(access.identify(bearer(secret), false), { code: 'LOGIN_NEEDED' });
});

test('while the clock is not set, a token that ends is not believed and one without an end is', async (t) => {
  const { access, clock } = await openAccessRig(t);
  const ending = await access.accounts.addToken({ name: 'ending', role: 'machine', expiresInDays: 2 });
  const lasting = await access.accounts.addToken({ name: 'lasting', role: 'machine' });
  clock.now = 0;
  await assert.rejects(access.identify(bearer(ending.secret), false), /clock/);
  assert.equal((await access.identify(bearer(lasting.secret), false)).actor.name, 'lasting');
});

test('the first account ends what was open to this machine', async (t) => {
  const { access } = await openAccessRig(t);
  const here = asking({ host: '127.0.0.1:8080' }, { address: '127.0.0.1' });
  assert.equal((await access.identify(here, false)).actor.kind, 'local');
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password: 'three odd words' });
  assert.equal((await access.identify(here, false)).actor.kind, 'anonymous');
});

test('the audit log has every change from before it is done, and how it ended', async (t) => {
  const { access } = await openAccessRig(t);
  const caller = await access.identify(bearer('token'), false);
  const ended = await access.begin(caller, 'site.edit', { place: 'p1' });
  const [begun] = (await access.audit.list({ limit: 1 })).entries;
  assert.deepEqual(
    [begun?.outcome, begun?.name, begun?.permission, begun?.target],
    ['begun', 'administrator token', 'site.edit', 'place p1'],
  );
  ended('failed', 'CONFLICT');
  const [after] = (await access.audit.list({ limit: 1 })).entries;
  assert.deepEqual([after?.outcome, after?.code], ['failed', 'CONFLICT']);
});

test('what is denied is in the audit log, counted when it is tried again within a minute', async (t) => {
  const { access, clock } = await openAccessRig(t);
  const { secret } = await access.accounts.addToken({ name: 'nosy', role: 'machine' });
  const caller = await access.identify(bearer(secret), false);
  const tryIt = (): void =>
    assert.throws(() => access.demand(caller, 'audit.read', 'everything'), { code: 'NOT_ALLOWED' });
  for (let n = 0; n < 3; n++) tryIt();
  clock.now += 60_001;
  tryIt();
  await access[Symbol.asyncDispose]();
  const { entries } = await access.audit.list({ limit: 10, outcome: 'denied' });
  assert.deepEqual(
    entries.map(({ name, times, code }) => [name, times, code]),
    [
      ['nosy', 1, 'NOT_ALLOWED'],
      ['nosy', 3, 'NOT_ALLOWED'],
    ],
  );
});

test('failed logins are in the audit log with the name that was tried', async (t) => {
  const { access } = await openAccessRig(t);
  await assert.rejects(access.login(asking(), 'Mallory', 'guess'));
  const [entry] = (await access.audit.list({ limit: 1 })).entries;
  assert.deepEqual([entry?.permission, entry?.target, entry?.outcome], ['login', 'Mallory', 'denied']);
});

test('the audit log forgets its oldest entries and comes page by page', async (t) => {
  const { store } = await openAccessRig(t);
  await store.write([
    { statement: 'access.addAudit', params: [20_098, 0, 'k', 'a', 'n', 'r', '', 'self', '', '', 'done', null, 1] },
    { statement: 'access.addAudit', params: [90, 0, 'k', 'a', 'n', 'r', '', 'self', '', '', 'done', null, 1] },
  ]);
  const again = await openAccessRig(t, { file: store.file });
  const caller = await again.access.identify(bearer('token'), false);
  for (let n = 0; n < 3; n++) (await again.access.begin(caller, 'site.edit', 'everything'))('done');
  const first = await again.access.audit.list({ limit: 2 });
  assert.deepEqual([first.entries.map(({ n }) => n), first.next], [[20_101, 20_100], 20_100]);
  const rest = await again.access.audit.list({ limit: 10, before: first.next });
  assert.deepEqual(
    rest.entries.map(({ n }) => n),
    [20_099, 20_098],
  );
});
