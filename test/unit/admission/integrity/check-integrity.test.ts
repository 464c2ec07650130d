import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { packBundle, readBundle } from '../../../../gateway/admission/bundle/bundle.ts';
import { readFacts } from '../../../../gateway/admission/host/facts-file.ts';
import { checkIntegrity } from '../../../../gateway/admission/integrity/check-integrity.ts';
import { generateSigner } from '../../../../gateway/admission/integrity/signature.ts';
import { readContract, readPolicy } from '../../../../gateway/admission/language/read-contract.ts';
import { sha256, treeHash } from '../../../../gateway/admission/source-tree.ts';
import type { SourceTree } from '../../../../gateway/admission/types.ts';

const tree = (files: Record<string, string>): SourceTree => ({
  files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
  links: new Map(),
});
const plain = tree({ 'package.json': '{"name":"p","version":"1.0.0"}', 'plugin.js': 'export {}' });

function codes(
  root: SourceTree,
  body: string,
  { policy, evidence = [] }: { policy?: string; evidence?: object[] } = {},
): string[] {
  const contract = readContract(Buffer.from(`apiVersion: plugin-contract/v1\nkind: PluginContract\n${body}`), 'c')
    .document?.value;
  const { facts } = readFacts(Buffer.from(JSON.stringify({ evidence })), 'h');
  assert.ok(contract && facts, body);
  const site =
    policy === undefined
      ? undefined
      : readPolicy(Buffer.from(`apiVersion: plugin-contract/v1\nkind: HostPolicy\n${policy}`), 'p').document?.value;
  const found = checkIntegrity(root, contract, { facts, ...(site ? { policy: site } : {}) });
  return found.map(({ code, subject }) => [code, subject].filter(Boolean).join(' '));
}

test('a tree or file of another hash is PC-I101, a shortened hash equals nothing', () => {
  assert.deepEqual(codes(plain, `integrity: { tree: sha256-${treeHash(plain)} }`), []);
  assert.deepEqual(codes(plain, `integrity: { tree: sha256-${treeHash(plain).slice(0, 8)} }`), ['PC-I101']);
  const hashes = `package.json: sha256-${sha256('{"name":"p","version":"1.0.0"}')}`;
  assert.deepEqual(codes(plain, `integrity: { files: { ${hashes}, plugin.js: sha256-${sha256('export {}')} } }`), []);
  const base64 = Buffer.from(sha256('export {}'), 'hex').toString('base64');
  assert.deepEqual(codes(plain, `integrity: { files: { ${hashes}, plugin.js: "sha256-${base64}" } }`), []);
  assert.deepEqual(codes(plain, `integrity: { files: { ${hashes} } }`), ['PC-I102 plugin.js']);
  assert.deepEqual(codes(plain, `integrity: { files: { ${hashes}, plugin.js: sha256-00, gone.js: sha256-00 } }`), [
    'PC-I101 plugin.js',
    'PC-I101 gone.js',
  ]);
});

test('a link is refused in both profiles', () => {
  const linked = { ...plain, links: new Map([['x', '/etc/passwd']]) };
  assert.deepEqual(codes(linked, 'profile: structural'), ['PC-D110 x']);
});

test('a signature needs the list, the signature and a key that this site trusts', () => {
  const signer = generateSigner();
  const packed = readBundle(
    packBundle(plain, { id: 'acme', key: createPrivateKey(signer.privatePem), at: new Date() }).bytes,
  );
  const rule = 'integrity: { signatures: { anyOf: [{ ed25519: other }, { ed25519: acme }] } }';
  const policy = `keys: [{ id: acme, ed25519: ${signer.publicBase64} }]`;
  assert.deepEqual(codes(packed, rule, { policy }), []);
  assert.deepEqual(codes(packed, rule), ['PC-I105']);
  assert.deepEqual(
    codes(packed, 'integrity: { signatures: { allOf: [{ ed25519: other }, { ed25519: acme }] } }', { policy }),
    ['PC-I105'],
  );
  assert.deepEqual(codes(plain, rule, { policy }), ['PC-I101 MANIFEST.json', 'PC-I105']);
  const demanding = `integrity: { signatures: required }\n${policy}`;
  assert.deepEqual(codes(packed, '', { policy: demanding }), []);
  assert.deepEqual(codes(plain, '', { policy: demanding }), ['PC-I105']);
  assert.deepEqual(
    codes(packed, 'integrity: { signatures: { anyOf: [{ sigstore: { identity: a, issuer: b } }] } }', { policy }),
    ['PC-I105'],
  );
});

test('evidence counts when it was observed and verified, by the provider that is named', () => {
  const rule = 'evidence: [{ kind: approval, subject: plugin, provider: lab, status: verified }]';
  const record = { kind: 'approval', subject: 'plugin', provider: 'lab', status: 'verified', observed: true };
  assert.deepEqual(codes(plain, rule, { evidence: [record] }), []);
  for (const wrong of [
    { observed: false },
    { provider: 'other' },
    { status: 'observed' },
    { subject: 'x' },
    { kind: 'x' },
  ]) {
    assert.deepEqual(codes(plain, rule, { evidence: [{ ...record, ...wrong }] }), ['PC-I105 approval of plugin']);
  }
  assert.deepEqual(codes(plain, 'integrity: { provenance: { required: true } }', { evidence: [record] }), ['PC-I105']);
  assert.deepEqual(
    codes(plain, 'integrity: { provenance: { required: true } }', { evidence: [{ ...record, kind: 'provenance' }] }),
    [],
  );
});

test('a container is what its bytes hash to, on a platform and with a user that the contract names', () => {
  const image = (config: object) => {
    const configText = JSON.stringify(config);
    const manifest = JSON.stringify({ schemaVersion: 2, config: { digest: `sha256:${sha256(configText)}` } });
    const blob = (text: string): [string, string] => [`image/blobs/sha256/${sha256(text)}`, text];
    return { digest: sha256(manifest), root: tree(Object.fromEntries([blob(configText), blob(manifest)])) };
  };
  const good = image({ architecture: 'arm64', os: 'linux', config: { User: '1000:1000' } });
  const rule = (digest: string, more = ''): string =>
    `integrity: { container: { image: "acme/p@sha256:${digest}"${more} } }`;
  const demands = ', platforms: [linux/arm64, linux/arm/v7], user: nonroot';
  assert.deepEqual(codes(good.root, rule(good.digest, demands)), []);
  assert.deepEqual(codes(good.root, rule('1111', demands)), ['PC-I106']);
  assert.deepEqual(codes(plain, rule(good.digest)), ['PC-I106']);
  assert.deepEqual(codes(tree({ image: `sha256:${good.digest}` }), rule(good.digest)), ['PC-I106']);
  const other = image({ architecture: 'amd64', os: 'linux' });
  assert.deepEqual(codes(other.root, rule(other.digest, demands)), ['PC-I106', 'PC-I106']);
});
