import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sign, signedUrl, stringToSign } from '../../../../gateway/delivery/tuya/signature.ts';

interface Vector {
  readonly id: string;
  readonly request: { readonly method: string; readonly url: string; readonly body?: string | null };
  readonly client_id: string;
  readonly secret: string;
  readonly access_token: string;
  readonly t: string;
  readonly nonce: string;
  readonly signed_headers?: string;
  readonly string_to_sign?: string;
  readonly sign: string;
}

const file = new URL('../../../fixtures/tuya-sign-vectors.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: readonly Vector[] };

const callOf = (vector: Vector) => ({
  method: vector.request.method,
  target: vector.request.url.replace('https://openapi.tuyaeu.com', ''),
  body: vector.request.body ?? '',
  signedHeaders: (vector.signed_headers ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
});

const signerOf = (vector: Vector) => ({
  clientId: vector.client_id,
  secret: vector.secret,
  accessToken: vector.access_token,
  t: vector.t,
  nonce: vector.nonce,
});

const legacy = vectors.filter((vector) => vector.string_to_sign === undefined);

for (const vector of vectors.filter((each) => each.string_to_sign !== undefined)) {
  test(`the published signature comes out: ${vector.id}`, () => {
    assert.equal(stringToSign(callOf(vector)), vector.string_to_sign);
    assert.equal(sign(signerOf(vector), callOf(vector)), vector.sign);
  });
}

test('the one legacy vector is of version 1, which this client never speaks', () => {
  assert.deepEqual(
    legacy.map((vector) => vector.id),
    ['v1-biz-get-LEGACY'],
  );
  for (const vector of legacy) assert.notEqual(sign(signerOf(vector), callOf(vector)), vector.sign);
});

test('the query is signed decoded and sorted, however it was encoded', () => {
  assert.equal(signedUrl('/a?size=20&codes=x%2Cy&key=a+b'), '/a?codes=x,y&key=a b&size=20');
  assert.equal(signedUrl('/a?key=a%20b'), '/a?key=a b');
});

test('every part that is signed changes the signature', () => {
  const [vector] = vectors;
  assert.ok(vector);
  const good = sign(signerOf(vector), callOf(vector));
  for (const part of ['clientId', 'secret', 'accessToken', 't', 'nonce']) {
    assert.notEqual(sign({ ...signerOf(vector), [part]: 'other' }, callOf(vector)), good, part);
  }
  for (const part of ['method', 'target', 'body']) {
    assert.notEqual(sign(signerOf(vector), { ...callOf(vector), [part]: 'other' }), good, part);
  }
});
