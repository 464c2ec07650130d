import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { generate } from 'selfsigned';
import { readAuthorities, readCertificate } from '../../../gateway/config/certificates.ts';
import { ownCertificate } from '../../../gateway/lib/own-certificate.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

interface Files {
  readonly folder: string;
  readonly write: (name: string, text: string) => Promise<string>;
}

async function files(t: TestContext): Promise<Files> {
  const folder = await tempDir(t);
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  return { folder, write };
}

const refused = (message: RegExp) => ({ code: 'CONFIG_INVALID', message });

test('a certificate with its key is read; files that no listener could use are refused by key and name', async (t) => {
  const { folder, write } = await files(t);
  const a = await ownCertificate(join(folder, 'a'), 'a', Date.now());
  await ownCertificate(join(folder, 'b'), 'b', Date.now());
  const [cert, key, otherKey] = ['a/cert.pem', 'a/key.pem', 'b/key.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  assert.deepEqual(await readCertificate(cert, key, 'http.tls'), { cert: a.cert.trim(), key: a.key.trim() });

  const text = await write('site.yaml', 'dataDir: x');
  const cut = await write('cut.pem', a.cert.slice(0, a.cert.length / 2));
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary' },
  });
  const locked = await write('locked.pem', privateKey);
  const weak = await generate([{ name: 'commonName', value: 'weak' }], { keySize: 1024, algorithm: 'sha1' });
  const [weakCert, weakKey] = [await write('weak.pem', weak.cert), await write('weak.key', weak.private)];
  for (const [certFile, keyFile, says] of [
    [text, key, /^mqtt\.tls\.certFile: .*site\.yaml holds no certificate in PEM\.$/],
    [cut, key, /^mqtt\.tls\.certFile: .*cut\.pem holds no certificate in PEM\.$/],
    [cert, text, /^mqtt\.tls\.keyFile: .*site\.yaml holds no key in PEM without a passphrase\.$/],
    [cert, locked, /^mqtt\.tls\.keyFile: .*locked\.pem holds no key in PEM without a passphrase\.$/],
    [cert, otherKey, /^mqtt\.tls\.keyFile: .*b\/key\.pem is not the key of .*a\/cert\.pem\.$/],
    [weakCert, weakKey, /^mqtt\.tls\.certFile: .*weak\.pem is too weak or too damaged for TLS\.$/],
  ] as const) {
    await assert.rejects(readCertificate(certFile, keyFile, 'mqtt.tls'), refused(says));
  }
  const gone = { code: 'FILE_UNREADABLE', message: /^mqtt\.tls\.keyFile: .*gone cannot be read \(ENOENT\)\.$/ };
  await assert.rejects(readCertificate(cert, join(folder, 'gone'), 'mqtt.tls'), gone);
});

test('authorities are one certificate or more, each whole, with whatever stands around them', async (t) => {
  const { folder, write } = await files(t);
  const one = await ownCertificate(join(folder, 'a'), 'a', Date.now());
  const two = await ownCertificate(join(folder, 'b'), 'b', Date.now());
  const both = `Our authorities\n${one.cert}\n${two.cert}`;
  const bundle = await write('bundle.pem', both);
  assert.equal(await readAuthorities(bundle, 'kafka.tls.ca'), both.trim());
  const withKey = await write('with-key.pem', `${one.key}\n${one.cert}`);
  assert.match(await readAuthorities(withKey, 'kafka.tls.ca'), /BEGIN CERTIFICATE/);

  const keyOnly = await write('key.pem', await readFile(join(folder, 'a/key.pem'), 'utf8'));
  await assert.rejects(readAuthorities(keyOnly, 'kafka.tls.ca'), refused(/^kafka\.tls\.ca: .*key\.pem holds no cert/));
  const cut = await write('cut.pem', `${one.cert}\n${two.cert.slice(0, -200)}`);
  await assert.rejects(
    readAuthorities(cut, 'influx.ca'),
    refused(/^influx\.ca: certificate 2 in .*cut\.pem is damaged/),
  );
});
