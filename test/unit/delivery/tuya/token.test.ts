import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccessToken, type TokenPair } from '../../../../gateway/delivery/tuya/token.ts';
import { VirtualTime } from '../virtual-time.ts';

function setUp(expireSeconds = 7_200) {
  const time = new VirtualTime();
  const asked: (string | undefined)[] = [];
  let answer: (refreshToken: string | undefined, n: number) => Promise<TokenPair> = async (_refresh, n) => ({
    accessToken: `access${n}`,
    refreshToken: `refresh${n}`,
    expireSeconds,
  });
  const token = new AccessToken((refreshToken) => {
    asked.push(refreshToken);
    return answer(refreshToken, asked.length);
  }, time);
  return { time, asked, token, answerWith: (next: typeof answer) => (answer = next) };
}

test('all callers share one login', async () => {
  const { token, asked } = setUp();
  const all = await Promise.all(Array.from({ length: 20 }, () => token.current()));
  assert.deepEqual(new Set(all), new Set(['access1']));
  assert.deepEqual(asked, [undefined]);
});

test('the token is renewed a minute before it ends, by the number that was returned', async () => {
  const { token, asked, time } = setUp(6_209);
  await token.current();
  await time.advance((6_209 - 60) * 1_000 - 1);
  assert.equal(await token.current(), 'access1');
  await time.advance(1);
  assert.equal(await token.current(), 'access2');
  assert.deepEqual(asked, [undefined, 'refresh1']);
});

test('a token that ends within two minutes is used for half its life', async () => {
  const { token, time } = setUp(10);
  await token.current();
  await time.advance(4_999);
  assert.equal(await token.current(), 'access1');
  await time.advance(1);
  assert.equal(await token.current(), 'access2');
});

test('a refresh token is used once: when it is lost, the next step is a login', async () => {
  const { token, asked, answerWith } = setUp();
  await token.current();
  answerWith(async (refreshToken, n) => {
    if (refreshToken !== undefined) throw new Error('answer lost');
    return { accessToken: `access${n}`, refreshToken: `refresh${n}`, expireSeconds: 7_200 };
  });
  token.refused('access1');
  assert.equal(await token.current(), 'access3');
  assert.deepEqual(asked, [undefined, 'refresh1', undefined]);
});

test('a refresh token whose use failed is not used again, even when the login failed too', async () => {
  const { token, asked, answerWith } = setUp();
  await token.current();
  answerWith(() => Promise.reject(new Error('link down')));
  token.refused('access1');
  await assert.rejects(token.current());
  await assert.rejects(token.current());
  assert.deepEqual(asked, [undefined, 'refresh1', undefined, undefined]);
});

test('a late refusal of an old token does not end the new one', async () => {
  const { token, asked } = setUp();
  await token.current();
  token.refused('access1');
  assert.equal(await token.current(), 'access2');
  token.refused('access1');
  assert.equal(await token.current(), 'access2');
  assert.equal(asked.length, 2);
});

test('a failed login is told to every caller, and the next call tries again', async () => {
  const { token, answerWith } = setUp();
  answerWith(() => Promise.reject(new Error('refused')));
  const [first, second] = await Promise.allSettled([token.current(), token.current()]);
  assert.deepEqual([first.status, second.status], ['rejected', 'rejected']);
  answerWith(async () => ({ accessToken: 'a', refreshToken: 'r', expireSeconds: 60 }));
  assert.equal(await token.current(), 'a');
});
