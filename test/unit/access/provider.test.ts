import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { openProvider, type Provider } from '../../../gateway/access/provider.ts';
import { client, redirectUri, signIn, startOidc } from '../../harness/oidc.ts';

const rules = {
  scope: 'openid groups',
  nameClaim: 'name',
  roleClaim: 'groups',
  roleMap: { 'site-engineers': 'engineer' },
} as const;

interface Rig {
  readonly provider: Provider;
  readonly issuer: string;
  readonly key: CryptoKey;
  clock: boolean;
}

async function openRig(t: TestContext): Promise<Rig> {
  const { issuer, key } = await startOidc(t);
  const rig: { clock: boolean } = { clock: true };
  const provider = openProvider(
    {
      ...rules,
      issuer,
      clientId: client.id,
      clientSecret: client.secret,
      audience: 'urn:gateway',
      redirectUri,
    },
    () => rig.clock,
  );
  return Object.assign(rig, { provider, issuer, key });
}

test('somebody whom the provider vouches for comes in with the role of their group', async (t) => {
  const { provider } = await openRig(t);
  const { url, journey } = await provider.begin();
  assert.match(url, /code_challenge_method=S256/);
  const back = await signIn(url, 'ann');
  const actor = await provider.finish(back.search, journey);
  assert.deepEqual(
    [actor.kind, actor.name, actor.role, actor.id],
    ['person', 'Person ann', 'engineer', 'provider:ann'],
  );
  await assert.rejects(provider.finish(back.search, journey), { code: 'NOT_ALLOWED' }, 'a code is good once');
});

test('whoever has no role here, and whoever comes back to another login, stays outside', async (t) => {
  const { provider } = await openRig(t);
  const first = await provider.begin();
  const back = await signIn(first.url, 'eve');
  const other = await provider.begin();
  await assert.rejects(provider.finish(back.search, other.journey), { code: 'NOT_ALLOWED' });
  await assert.rejects(provider.finish(back.search, first.journey), /no role/);
});

test('a token of the provider is checked: issuer, audience, algorithm, key, time', async (t) => {
  const rig = await openRig(t);
  const { provider, issuer } = rig;
  const claims = { sub: 'robot', name: 'Robot', groups: ['site-engineers'] };
  const sign = (
    key: CryptoKey | Uint8Array,
    alg: string,
    change: { iss?: string; aud?: string; exp?: number; kid?: string } = {},
  ) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, kid: change.kid ?? 'k1' })
      .setIssuer(change.iss ?? issuer)
      .setAudience(change.aud ?? 'urn:gateway')
      .setExpirationTime(change.exp ?? Math.floor(Date.now() / 1_000) + 600)
      .sign(key);
  const good = await sign(rig.key, 'RS256');
  assert.deepEqual(
    [(await provider.fromToken(good)).kind, (await provider.fromToken(good)).role],
    ['token', 'engineer'],
  );
  const { privateKey: stranger } = await generateKeyPair('RS256');
  for (const [what, jwt] of Object.entries({
    'another issuer': await sign(rig.key, 'RS256', { iss: 'https://evil.example' }),
    'another audience': await sign(rig.key, 'RS256', { aud: 'urn:other' }),
    over: await sign(rig.key, 'RS256', { exp: Math.floor(Date.now() / 1_000) - 120 }),
    'another key': await sign(stranger, 'RS256'),
    'a key by a path': await sign(rig.key, 'RS256', { kid: '../../../../etc/passwd' }),
    'a shared secret': await sign(new TextEncoder().encode('x'.repeat(32)), 'HS256'),
    'no signature': new UnsecuredJWT(claims)
      .setIssuer(issuer)
      .setAudience('urn:gateway')
      .setExpirationTime('1h')
      .encode(),
    nonsense: 'a.b.c',
  })) {
    await assert.rejects(provider.fromToken(jwt), { code: 'LOGIN_NEEDED' }, what);
  }
  rig.clock = false;
  await assert.rejects(provider.fromToken(good), /clock/);
});

test('a provider that is away is said to be, and asked again the next time', async () => {
  const away = openProvider(
    {
      ...rules,
      issuer: 'http://127.0.0.1:1',
      clientId: 'gateway',
      clientSecret: undefined,
      audience: 'x',
      redirectUri,
    },
    () => true,
  );
  for (let n = 0; n < 2; n++) await assert.rejects(away.begin(), { code: 'OVERLOADED', message: /local account/ });
});
