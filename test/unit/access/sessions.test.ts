import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asking, openAccessRig } from './access-fixture.ts';

const password = 'three odd words';
const hour = 3_600_000;
const cookie = (token: string): Record<string, string> => ({ cookie: `theme=dark; portcullis=${token}` });
const lenient = false;

test('a login begins a session that knows its account, and the password is nowhere on disk', async (t) => {
  const { access, store } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'resident', password });
  const { token } = await access.login(asking(), 'ann', password);
  const { actor } = await access.identify(asking(cookie(token)), lenient);
  assert.deepEqual([actor.kind, actor.name, actor.role, actor.areas], ['person', 'Ann', 'resident', ['east']]);
  const file = readFileSync(store.file).toString('latin1');
  assert.ok(!file.includes(password) && !file.includes(token));
});

test('a session ends when it is idle, when it is old, when its account is disabled, and at logout', async (t) => {
  const { access, clock } = await openAccessRig(t);
  const { account } = await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  const isIn = async (token: string): Promise<boolean> =>
    (await access.identify(asking(cookie(token)), lenient)).actor.kind === 'person';
  const login = async (): Promise<string> => (await access.login(asking(), 'Ann', password)).token;

  const idle = await login();
  clock.now += 8 * hour + 1;
  assert.equal(await isIn(idle), false);

  const old = await login();
  for (let hours = 0; hours <= 7 * 24; hours += 7) {
    assert.equal(await isIn(old), true, `after ${hours} hours`);
    clock.now += 7 * hour;
  }
  assert.equal(await isIn(old), false);

  const ended = await login();
  await access.logout(asking(cookie(ended)));
  assert.equal(await isIn(ended), false);

  const disabled = await login();
  await access.accounts.editAccount({ id: account.id, disabled: true });
  assert.equal(await isIn(disabled), false);
});

test('sessions outlive a restart, and the time without power counts', async (t) => {
  const first = await openAccessRig(t);
  await first.access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  const { token } = await first.access.login(asking(), 'Ann', password);
  const kindAt = async (at: number): Promise<string> => {
    const again = await openAccessRig(t, { file: first.store.file, at });
    return (await again.access.identify(asking(cookie(token)), lenient)).actor.kind;
  };
  assert.equal(await kindAt(first.clock.now + hour), 'person');
  assert.equal(await kindAt(first.clock.now - 1_000 * hour), 'person', 'a clock that was set back');
  assert.equal(await kindAt(first.clock.now + 9 * hour), 'anonymous');
});

test('one person has ten sessions at most; the one that was idle longest goes', async (t) => {
  const { access, clock } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  const tokens: string[] = [];
  for (let n = 0; n < 11; n++) {
    tokens.push((await access.login(asking(), 'Ann', password)).token);
    clock.now += 1_000;
  }
  const kinds = await Promise.all(
    tokens.map(async (one) => (await access.identify(asking(cookie(one)), lenient)).actor.kind),
  );
  assert.deepEqual(kinds, ['anonymous', ...Array.from({ length: 10 }, () => 'person')]);
});

test('a change with a cookie needs the token of its session and a page of this gateway', async (t) => {
  const { access } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'administrator', password });
  const { token, csrf } = await access.login(asking(), 'Ann', password);
  const change = (headers: Record<string, string>) =>
    access.identify(asking({ ...cookie(token), ...headers }, { method: 'POST' }), lenient);
  const own = { origin: 'http://192.0.2.1:8080', 'x-csrf-token': csrf };
  assert.equal((await change(own)).actor.name, 'Ann');
  assert.equal((await change({ 'x-csrf-token': csrf })).actor.name, 'Ann');
  for (const headers of [
    {},
    { 'x-csrf-token': 'wrong' },
    { ...own, origin: 'http://evil.example' },
    { ...own, origin: 'null' },
    { ...own, 'sec-fetch-site': 'cross-site' },
    { ...own, 'sec-fetch-site': 'same-site' },
  ]) {
    await assert.rejects(change(headers), { code: 'NOT_ALLOWED' }, JSON.stringify(headers));
  }
});

test('over TLS only the cookie counts that no other host can have set', async (t) => {
  const { access } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  const { token } = await access.login(asking(), 'Ann', password);
  const kind = async (name: string): Promise<string> =>
    (await access.identify(asking({ cookie: `${name}=${token}` }, { isTls: true }), lenient)).actor.kind;
  assert.equal(await kind('__Host-portcullis'), 'person');
  assert.equal(await kind('portcullis'), 'anonymous');
});
