import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { Provider } from 'oidc-provider';

/** Where the provider sends browsers back to; it knows no other address of the gateway. */
export const redirectUri = 'http://127.0.0.1:8080/api/v1/login/provider/callback';
export const client = { id: 'gateway', secret: 'a secret of the gateway' };

/** A real OpenID provider on loopback, that asks for a name and nothing else. */
export async function startOidc(t: TestContext): Promise<{ readonly issuer: string; readonly key: CryptoKey }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey: key } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(key)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const oidc = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri] }],
    jwks: { keys: [jwk] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], groups: ['groups', 'name'] },
    scopes: ['openid', 'groups'],
    conformIdTokenClaims: false,
    cookies: { keys: ['only for this test'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `Person ${id}`, groups: id === 'eve' ? ['visitors'] : ['site-engineers'] }),
    }),
  });
  const serve = oidc.callback();
  server.on('request', (request, response) => void serve(request, response));
  return { issuer, key };
}

/** What a browser does at the provider: follows, fills in the forms, keeps its cookies. */
export async function signIn(start: string, login: string): Promise<URL> {
  const jar = new Map<string, string>();
  let [url, init]: [string, RequestInit] = [start, {}];
  for (let step = 0; step < 15; step++) {
    const cookie = Array.from(jar, (pair) => pair.join('=')).join('; ');
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
    for (const one of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = (one.split(';')[0] ?? '').split('=');
      jar.set(name, value);
    }
    const to = answer.headers.get('location');
    if (to !== null) {
      [url, init] = [new URL(to, url).href, {}];
      if (url.startsWith(redirectUri)) return new URL(url);
      continue;
    }
    const page = await answer.text();
    const action = /action="([^"]+)"/.exec(page)?.[1] ?? assert.fail(page);
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? '';
    const body = new URLSearchParams({ prompt, login, password: 'any' });
    [url, init] = [new URL(action, url).href, { method: 'POST', body }];
  }
  return assert.fail('the provider never sent the browser back');
}
