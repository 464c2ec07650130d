import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packBundle, readBundle } from '../../../../gateway/admission/bundle/bundle.ts';
import { readTar, writeTar } from '../../../../gateway/admission/bundle/tar.ts';
import { checkFileList } from '../../../../gateway/admission/integrity/file-list.ts';
import { generateSigner, signatureFault } from '../../../../gateway/admission/integrity/signature.ts';
import { treeLimits } from '../../../../gateway/admission/source-tree.ts';
import type { SourceTree } from '../../../../gateway/admission/types.ts';

const signer = generateSigner();
const trusted = { id: 'acme-2026', ed25519: signer.publicBase64, from: '2026-01-01', until: '2026-12-31' };
const tree = (files: Record<string, string>): SourceTree => ({
  files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
  links: new Map(),
});
const source = tree({
  'package.json': '{"name":"@acme/thermo","version":"2.1.0"}',
  'index.js': 'export {}',
  [`lib/${'d'.repeat(90)}/x.js`]: '',
});
const pack = (at = new Date('2026-11-21T10:00:00Z')) =>
  packBundle(source, { id: 'acme-2026', key: createPrivateKey(signer.privatePem), at });
const parts = (from: SourceTree) => ({
  manifest: from.files.get('MANIFEST.json'),
  signatures: from.files.get('MANIFEST.sig.json'),
});

test('packs every file, hashed and signed, and the same files give the same bytes', () => {
  const bundle = pack();
  assert.equal(bundle.name, 'acme-thermo-2.1.0.plugin.tgz');
  assert.deepEqual(bundle.bytes, pack().bytes);
  const unpacked = readBundle(bundle.bytes);
  assert.equal(unpacked.files.size, source.files.size + 2);
  assert.deepEqual(checkFileList(unpacked, true), []);
  assert.equal(signatureFault(parts(unpacked), trusted), undefined);
});

test('sees a changed, a missing and an added file', () => {
  const files = new Map(readBundle(pack().bytes).files);
  files.set('index.js', Buffer.from('export const evil = 1'));
  files.set('extra.js', Buffer.from(''));
  files.delete('package.json');
  const found = checkFileList({ files, links: new Map() }, true).map(({ code, subject }) => `${code} ${subject}`);
  assert.deepEqual(found.toSorted(), ['PC-I101 index.js', 'PC-I101 package.json', 'PC-I102 extra.js']);
});

test('a signature counts only for its own list, key and days', () => {
  const unpacked = readBundle(pack().bytes);
  const { signatures } = parts(unpacked);
  assert.match(signatureFault({ manifest: Buffer.from('{}'), signatures }, trusted) ?? '', /does not verify/);
  assert.match(
    signatureFault(parts(unpacked), { ...trusted, ed25519: generateSigner().publicBase64 }) ?? '',
    /does not verify/,
  );
  assert.match(signatureFault(parts(unpacked), { ...trusted, id: 'other' }) ?? '', /not signed/);
  assert.match(signatureFault(parts(readBundle(pack(new Date('2027-02-01')).bytes)), trusted) ?? '', /not valid/);
  const redated = Buffer.from(signatures?.toString().replace('2026-11-21', '2026-11-20') ?? '');
  assert.match(signatureFault({ ...parts(unpacked), signatures: redated }, trusted) ?? '', /does not verify/);
});

test('a package without name, or with a link, is not packed', () => {
  const key = createPrivateKey(signer.privatePem);
  assert.throws(() => packBundle(tree({ 'a.js': '' }), { id: 'k', key, at: new Date() }), { code: 'USAGE' });
  assert.throws(() => packBundle({ ...source, links: new Map([['l', '/etc']]) }, { id: 'k', key, at: new Date() }), {
    code: 'USAGE',
  });
});

for (const [what, archive] of [
  ['a path that climbs out', writeTar([['../evil', Buffer.from('')]])],
  ['an absolute path', writeTar([['/etc/evil', Buffer.from('')]])],
  [
    'the same path twice',
    writeTar([
      ['a', Buffer.from('1')],
      ['a', Buffer.from('2')],
    ]),
  ],
  ['no end', writeTar([['a', Buffer.from('1')]]).subarray(0, 1024)],
  ['a cut file', writeTar([['a', Buffer.alloc(2000)]]).subarray(0, 1024)],
] as const) {
  test(`refuses an archive with ${what}`, () => assert.throws(() => readTar(archive), { code: 'FILE_UNREADABLE' }));
}

test('refuses a symbolic link in an archive, noise, and a gzip bomb', () => {
  const archive = Uint8Array.from(writeTar([['a', Buffer.from('')]]));
  archive[156] = 0x32;
  const sum = archive.subarray(0, 512).reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  archive.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  assert.throws(() => readTar(archive), /no plain file/);
  assert.throws(() => readBundle(Buffer.from('noise')), { code: 'FILE_UNREADABLE' });
  assert.throws(() => readBundle(gzipSync(Buffer.alloc(treeLimits.bytes + 1))), { code: 'FILE_UNREADABLE' });
});
