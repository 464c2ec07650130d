import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asking, openAccessRig } from './access-fixture.ts';

const password = 'three odd words';
const from = (address: string) => asking({}, { address });

test('a wrong name, a wrong password and a disabled account are refused alike', async (t) => {
  const { access } = await openAccessRig(t);
  const { account } = await access.accounts.addAccount({ name: 'Off', role: 'viewer', password });
  await access.accounts.editAccount({ id: account.id, disabled: true });
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  for (const [name, given] of [
    ['Nobody', password],
    ['Ann', 'wrong password'],
    ['Off', password],
  ] as const) {
    await assert.rejects(access.login(asking(), name, given), {
      code: 'NOT_ALLOWED',
      message: 'The name or the password is wrong.',
    });
  }
});

test('five failures close the door to one address for ten minutes, and to nobody else', async (t) => {
  const { access, clock } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  for (let n = 0; n < 5; n++)
    await assert.rejects(access.login(from('192.0.2.66'), 'Ann', 'guess'), { code: 'NOT_ALLOWED' });
  await assert.rejects(access.login(from('192.0.2.66'), 'Ann', password), { code: 'TOO_MANY_TRIES' });
  assert.equal((await access.login(from('192.0.2.7'), 'Ann', password)).actor.name, 'Ann');
  clock.now += 10 * 60_000;
  assert.equal((await access.login(from('192.0.2.66'), 'Ann', password)).actor.name, 'Ann');
});

test('guesses that come together close the door after five like others', async (t) => {
  const { access } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  const guesses = Array.from({ length: 12 }, () => access.login(from('192.0.2.66'), 'Ann', 'guess'));
  const codes = (await Promise.allSettled(guesses)).map((one) => one.status === 'rejected' && one.reason.code);
  assert.equal(codes.filter((code) => code === 'NOT_ALLOWED').length, 5);
  assert.equal(codes.filter((code) => code === 'TOO_MANY_TRIES').length, 7);
});

test('a guesser with many addresses is stopped, and whoever logged in from theirs before is not', async (t) => {
  const { access } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  await access.login(from('192.0.2.7'), 'Ann', password);
  for (let n = 0; n < 30; n++) await assert.rejects(access.login(from(`198.51.100.${n}`), 'Ann', 'guess'));
  await assert.rejects(access.login(from('198.51.100.200'), 'Ann', password), { code: 'TOO_MANY_TRIES' });
  assert.equal((await access.login(from('192.0.2.7'), 'Ann', password)).actor.name, 'Ann');
});

test('whoever logged in from their address before is known there also after a restart', async (t) => {
  const { access, store } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  await access.login(from('192.0.2.7'), 'Ann', password);
  const { access: next } = await openAccessRig(t, { file: store.file });
  for (let n = 0; n < 30; n++) await assert.rejects(next.login(from(`198.51.100.${n}`), 'Ann', 'guess'));
  await assert.rejects(next.login(from('198.51.100.200'), 'Ann', password), { code: 'TOO_MANY_TRIES' });
  assert.equal((await next.login(from('192.0.2.7'), 'Ann', password)).actor.name, 'Ann');
});

test('addresses of one IPv6 network are one guesser', async (t) => {
  const { access } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  for (let n = 0; n < 5; n++) await assert.rejects(access.login(from(`2001:db8:1:2::${n}`), 'Ann', 'guess'));
  await assert.rejects(access.login(from('2001:db8:1:2::77'), 'Ann', password), { code: 'TOO_MANY_TRIES' });
});

test('a password that guessers try first is not taken', async (t) => {
  const { access } = await openAccessRig(t);
  for (const bad of ['password123', 'aaaaaaaaaaaa', 'annabel-annabel']) {
    await assert.rejects(access.accounts.addAccount({ name: 'annabel', role: 'viewer', password: bad }), {
      code: 'COMMAND_INVALID',
    });
  }
});

test('a name means one account or token, whatever its case', async (t) => {
  const { access } = await openAccessRig(t);
  const wish = { role: 'viewer', password } as const;
  const both = await Promise.allSettled([
    access.accounts.addAccount({ ...wish, name: 'Ann' }),
    access.accounts.addAccount({ ...wish, name: 'ANN' }),
  ]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await assert.rejects(access.accounts.addToken({ name: 'ann', role: 'machine' }), { code: 'CONFLICT' });
});

test('who changes a password ends the other sessions and keeps this one', async (t) => {
  const { access } = await openAccessRig(t);
  await access.accounts.addAccount({ name: 'Ann', role: 'viewer', password });
  const here = await access.login(asking(), 'Ann', password);
  const there = await access.login(asking(), 'Ann', password);
  const cookie = (token: string) => asking({ cookie: `portcullis=${token}` });
  const caller = await access.identify(cookie(here.token), false);
  await assert.rejects(access.changePassword(caller, 'not the old one', 'four odder words'), { code: 'NOT_ALLOWED' });
  await access.changePassword(caller, password, 'four odder words');
  const kinds = await Promise.all(
    [here, there].map(async ({ token }) => (await access.identify(cookie(token), false)).actor.kind),
  );
  assert.deepEqual(kinds, ['person', 'anonymous']);
  await assert.rejects(access.login(asking(), 'Ann', password), { code: 'NOT_ALLOWED' });
});
