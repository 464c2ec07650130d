import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../../gateway/config/parse-config.ts';
import { checkCertificates } from '../../../gateway/doctor/check-certificate.ts';
import { ownCertificate } from '../../../gateway/lib/own-certificate.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

const dayMs = 86_400_000;

test('a certificate that is over, not yet valid, about to end, of another key or none is told with its day', async (t) => {
  const folder = await tempDir(t);
  const now = Date.UTC(2026, 10, 21);
  await ownCertificate(join(folder, 'a'), 'a', now);
  await ownCertificate(join(folder, 'b'), 'b', now);
  const found = async (keyOf: string, days: number): Promise<string[]> => {
    const tls = { certFile: join(folder, 'a/cert.pem'), keyFile: join(folder, `${keyOf}/key.pem`) };
    const config = parseConfig(JSON.stringify({ dataDir: folder, http: { tls } }), 'site.yaml');
    const findings = await checkCertificates(config, now + days * dayMs);
    assert.ok(findings.every(({ state, mend }) => state === 'ok' || (mend ?? '').length > 10));
    return findings.map(({ state, says }) => `${state} ${says.replaceAll(folder, '')}`);
  };
  assert.deepEqual(await found('a', 0), ['ok http.tls: /a/cert.pem is valid until 2036-11-18']);
  assert.deepEqual(await found('a', 3_640), ['warn http.tls: /a/cert.pem is valid until 2036-11-18']);
  assert.deepEqual(await found('a', 3_651), ['fail http.tls: /a/cert.pem was valid until 2036-11-18']);
  assert.deepEqual(await found('a', -2), ['fail http.tls: /a/cert.pem is valid from 2026-11-20 on']);
  assert.deepEqual(await found('b', 0), ['fail http.tls.keyFile: /b/key.pem is not the key of /a/cert.pem.']);
  assert.match((await found('gone', 0)).join(), /^fail http\.tls\.keyFile: .*gone\/key\.pem cannot be read \(ENOENT\)/);
  const own = parseConfig(JSON.stringify({ dataDir: folder, http: { tls: {} }, mqtt: { tls: {} } }), 'site.yaml');
  assert.deepEqual(await checkCertificates(own, now), []);
});

test('the gateway’s own certificate is told once, and a damaged one with what to do', async (t) => {
  const folder = await tempDir(t);
  const now = Date.UTC(2026, 10, 21);
  const own = parseConfig(JSON.stringify({ dataDir: folder, http: { tls: {} }, mqtt: { tls: {} } }), 'site.yaml');
  const { cert } = await ownCertificate(join(folder, 'tls'), 'a', now);
  const [whole, ...others] = await checkCertificates(own, now);
  assert.deepEqual([whole?.state, others], ['ok', []]);
  assert.match(whole?.says ?? '', /own in .*tls is valid until 2036-11-18/);
  assert.deepEqual(await checkCertificates(parseConfig(JSON.stringify({ dataDir: folder }), 'site.yaml'), now), []);
  await writeFile(join(folder, 'tls/cert.pem'), cert.slice(0, 200));
  const [damaged] = await checkCertificates(own, now);
  assert.equal(damaged?.state, 'fail');
  assert.match(damaged?.says ?? '', /tls\/cert\.pem holds no whole certificate\. Restore both files, or remove both/);
});
