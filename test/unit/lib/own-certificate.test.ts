import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
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
