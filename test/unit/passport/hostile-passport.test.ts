import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Manifest } from '../../../contracts/passport.ts';
import { tarBlock, tarHeader, tarPadding } from '../../../gateway/lib/tar-header.ts';
import { unpackPassport } from '../../../gateway/passport/unpack.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';
import { listing, makeOne, passphrase, sealPieces } from './passport-fixture.ts';

const end = new Uint8Array(2 * tarBlock);

function file(path: string, content: string, size = Buffer.byteLength(content)): Uint8Array {
  const head = tarHeader('x', size) ?? end;
  // The path as it is, also where no honest writer would put it.
  head.fill(0, 0, 100);
  head.set(Buffer.from(path), 0);
  head.fill(0x20, 148, 156);
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return Buffer.concat([head, Buffer.from(content), new Uint8Array(tarPadding(size))]);
}

const manifest = (files: Manifest['files'], over: object = {}): Uint8Array =>
  file(
    'manifest.json',
    JSON.stringify({
      v: 2,
      gateway: 'gw-test',
      epoch: 1,
      version: '0.1.0',
      madeAt: 0,
      contents: { tables: {}, sinks: [], lastLsn: 0, whole: true },
      files,
      ...over,
    }),
  );

const evil = 'x';
const hostile: readonly (readonly [what: string, pieces: readonly Uint8Array[]])[] = [
  ['nothing', []],
  ['no list', [file('data/a', evil), end]],
  ['a list that is no JSON', [file('manifest.json', '{'), end]],
  ['a list of another version', [manifest([], { v: 3 }), end]],
  ['an epoch beyond all', [manifest([], { epoch: 1e9 }), end]],
  ['a path upwards', [manifest([listing('data/../../evil', evil)]), file('data/../../evil', evil), end]],
  ['an absolute path', [manifest([listing('/tmp/evil', evil)]), file('/tmp/evil', evil), end]],
  ['a file beside the data', [manifest([listing('evil', evil)]), file('evil', evil), end]],
  ['an epoch of its own', [manifest([listing('data/gateway-epoch', evil)]), file('data/gateway-epoch', evil), end]],
  ['something below what never travels', [manifest([listing('data/flows/a', evil)]), file('data/flows/a', evil), end]],
  ['a file that is not listed', [manifest([]), file('data/a', evil), end]],
  ['a file that is listed and missing', [manifest([listing('data/a', evil)]), end]],
  ['a file twice', [manifest([listing('data/a', evil)]), file('data/a', evil), file('data/a', evil), end]],
  ['another content', [manifest([listing('data/a', 'y')]), file('data/a', evil), end]],
  ['another size', [manifest([listing('data/a', 'yy')]), file('data/a', evil), end]],
  ['no end', [manifest([listing('data/a', evil)]), file('data/a', evil)]],
  ['something behind its end', [manifest([listing('data/a', evil)]), file('data/a', evil), end, end]],
  ['a list without bound', [file('manifest.json', '', 8 * 1024 ** 3 - 1)]],
];

for (const [what, pieces] of hostile) {
  test(`a passport with ${what} is refused, and nothing is written outside its folder`, async (t) => {
    const sealed = await sealPieces(t, pieces);
    const into = await tempDir(t);
    await assert.rejects(unpackPassport(sealed, passphrase, into), { code: 'PASSPORT_REFUSED' });
    for (const place of [join(dirname(into), 'evil'), '/tmp/evil', join(into, 'evil')])
      assert.ok(!existsSync(place), place);
  });
}

test('a passport that says it needs more room than there is, is refused before its first file', async (t) => {
  const large = { path: 'data/a', size: 2 ** 52, sha256: '0'.repeat(64) };
  const sealed = await sealPieces(t, [manifest([large]), end]);
  await assert.rejects(unpackPassport(sealed, passphrase, await tempDir(t)), { code: 'DISK_FULL' });
});

test('a passport that asks for more memory to open than a board has, is refused before it is tried', async (t) => {
  const { file: honest } = await makeOne(t);
  const text = await readFile(honest, 'latin1');
  await writeFile(honest, text.replace(/^(-> scrypt \S+) 16$/m, '$1 20'), 'latin1');
  const opening = unpackPassport(honest, passphrase, await tempDir(t));
  await assert.rejects(opening, { code: 'PASSPORT_REFUSED', message: /not a passport/ });
});
