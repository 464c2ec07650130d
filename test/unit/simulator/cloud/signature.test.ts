import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { send, startCloud } from './cloud-client.ts';
import type { Answer } from './cloud-client.ts';

interface Vector {
  readonly id: string;
  readonly client_id: string;
  readonly secret: string;
  readonly access_token: string;
  readonly t: string;
  readonly nonce: string;
  readonly sign: string;
  readonly string_to_sign?: string;
  readonly request: { method: string; url: string; body?: string | null; headers: Record<string, string> };
}

const file = join(import.meta.dirname, '../../../fixtures/tuya-sign-vectors.json');
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };

/** Vectors that a strict cloud refuses: a signature that leaves out announced headers, and version 1 on a business call. */
const refused = new Set(['v2-biz-get-custom-headers-QUIRK', 'v1-biz-get-LEGACY']);

/** The device or the path does not exist: only a call whose signature and token are good gets so far. */
const afterSignature = new Set<unknown>([2010, 1108]);

type Change = (call: { method: string; target: string; body: string; headers: Record<string, string> }) => void;

/** Sends a vector byte for byte, or changed, to a cloud whose clock, client, secret and token are the vector's. */
type Send = (change?: Change) => Promise<Answer>;

async function cloudOf(t: TestContext, vector: Vector): Promise<Send> {
  const { client_id: clientId, secret, access_token: token, t: time, sign } = vector;
  const clock = { wallMs: () => Number(time), monoMs: () => 0 };
  const client = await startCloud(t, { clientId, secret, clock, ...(token && { newToken: () => token }) });
  if (token !== '') await client.login();
  const url = new URL(vector.request.url, 'https://cloud.invalid');
  // The fixture shows the Python connector's URL decoded; on the wire its HTTP library writes a space as "+".
  const target = url.pathname + url.search.replaceAll('%20', '+');
  const body = vector.request.body ?? '';
  const nonce = vector.nonce === '' ? {} : { nonce: vector.nonce };
  const type = body === '' ? {} : { 'content-type': 'application/json' };
  const signed = { client_id: clientId, access_token: token, t: time, sign, sign_method: 'HMAC-SHA256', ...nonce };
  return (change = () => {}) => {
    const headers = { ...signed, ...vector.request.headers, ...type };
    const call = { method: vector.request.method, target, body, headers };
    change(call);
    return send(client.cloud, call);
  };
}

for (const vector of vectors.filter(({ id }) => !refused.has(id))) {
  test(`takes the call of a published client as signed: ${vector.id}`, async (t) => {
    const sendVector = await cloudOf(t, vector);
    const { json } = await sendVector();
    if (vector.access_token === '') assert.equal(json.success, true);
    else assert.ok(afterSignature.has(json.code), `code ${json.code}`);
  });

  test(`answers 1004 when anything signed was changed: ${vector.id}`, async (t) => {
    const changes: Change[] = [
      (call) => (call.headers['t'] = String(Number(vector.t) + 1)),
      (call) => (call.headers['nonce'] = 'other'),
      (call) => (call.target += call.target.includes('?') ? '&a=b' : '?a=b'),
      (call) => (call.body = `${call.body} `),
      (call) => (call.method = call.method === 'GET' ? 'DELETE' : 'GET'),
      (call) => (call.headers['sign'] = (call.headers['sign'] ?? '').toLowerCase()),
    ];
    const sendVector = await cloudOf(t, vector);
    for (const change of changes) {
      const { json } = await sendVector((call) => {
        change(call);
        call.headers['content-type'] = 'application/json';
      });
      assert.equal(json.code, 1004, String(change));
    }
  });
}

for (const vector of vectors.filter(({ id }) => refused.has(id))) {
  test(`refuses ${vector.id}`, async (t) => {
    const sendVector = await cloudOf(t, vector);
    assert.equal((await sendVector()).json.code, 1004);
  });
}

test('reads %20, + and an encoded comma as the same signed text', async (t) => {
  const vector = vectors.find(({ id }) => id === 'py-biz-get-query');
  assert.ok(vector);
  const sendVector = await cloudOf(t, vector);
  for (const query of ['d1,d2&last_row_key=x%20y', 'd1%2Cd2&last_row_key=x+y', 'd1%2cd2&last_row_key=x+y']) {
    const { json } = await sendVector((call) => {
      call.target = `/v1.0/iot-03/devices?page_size=20&device_ids=${query}`;
    });
    assert.equal(json.code, 1108);
  }
});
