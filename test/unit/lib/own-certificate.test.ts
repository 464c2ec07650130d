import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownCertificate } from '../../../gateway/lib/own-certificate.ts';

test('a certificate is made once, for localhost too, with a private key; and anew before it expires', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(folder, { recursive: true }));
  const now = Date.now();
  const first = await ownCertificate(folder, 'gw-7f3a', now);
  assert.deepEqual(await ownCertificate(folder, 'gw-7f3a', now), first);
  assert.ok(new X509Certificate(first.cert).checkHost('localhost'));
  assert.equal((await stat(join(folder, 'key.pem'))).mode & 0o777, 0o600);
  const later = await ownCertificate(folder, 'gw-7f3a', now + 3_640 * 86_400_000);
  assert.notEqual(later.cert, first.cert);
});

test('a damaged certificate is not replaced unasked, and the sentence says which file it is', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(root, { recursive: true }));
  const now = Date.now();
  const [folder, certFile, keyFile] = [root, join(root, 'cert.pem'), join(root, 'key.pem')];
  const whole = await ownCertificate(folder, 'gw-7f3a', now);
  const other = await ownCertificate(join(root, 'other'), 'gw-0000', now);
  const cases: [cert: string, key: string, says: RegExp][] = [
    [whole.cert.slice(0, 200), whole.key, /cert\.pem holds no whole certificate\. .*remove both/],
    ['', '', /cert\.pem holds no whole certificate/],
    [whole.cert, whole.key.slice(0, 60), /key\.pem is missing or holds no whole key\. .*remove both/],
    [whole.cert, other.key, /key\.pem is not the key of .*cert\.pem/],
  ];
  for (const [cert, key, message] of cases) {
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
    await assert.rejects(ownCertificate(folder, 'gw-7f3a', now), { code: 'FILE_UNREADABLE', message });
    assert.equal(await readFile(certFile, 'utf8'), cert);
  }
  await rm(keyFile);
  await assert.rejects(ownCertificate(folder, 'gw-7f3a', now), {
    code: 'FILE_UNREADABLE',
    message: /key\.pem is missing/,
  });
  await rm(certFile);
  await mkdir(certFile);
  await assert.rejects(ownCertificate(folder, 'gw-7f3a', now), { message: /cert\.pem cannot be read \(EISDIR\)/ });
  await rm(certFile, { recursive: true });
  assert.notEqual((await ownCertificate(folder, 'gw-7f3a', now)).cert, whole.cert);
});

test('a renewal that was cut off between key and certificate goes on at the next start', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(folder, { recursive: true }));
  const now = Date.now();
  const old = await ownCertificate(folder, 'gw-7f3a', now);
  const { key } = await ownCertificate(join(folder, 'other'), 'gw-7f3a', now);
  await writeFile(join(folder, 'key.pem'), key);
  const renewed = await ownCertificate(folder, 'gw-7f3a', now + 3_640 * 86_400_000);
  assert.ok(new X509Certificate(renewed.cert).checkPrivateKey(createPrivateKey(renewed.key)));
  assert.notEqual(renewed.cert, old.cert);
});
