import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packTarball, writeSbom, writeSums } from '../../scripts/cross-build/artefacts.ts';
import { packDeb } from '../../scripts/cross-build/deb.ts';
import { writeImagerList } from '../../scripts/cross-build/image/image.ts';
import { stampSupport } from '../../scripts/cross-build/support.ts';
import { smallTree } from '../harness/small-tree.ts';
import { cannotRun } from '../harness/cannot-run.ts';

function hasTools(t: TestContext): boolean {
  const isThere = ['dpkg-deb', 'xz'].every((tool) => spawnSync(tool, ['--version']).status === 0);
  return !cannotRun(t, isThere ? undefined : 'needs dpkg-deb and xz: apt-get install dpkg xz-utils');
}

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

test('the same files give the same package and tarball, in whatever folder and at whatever time', async (t) => {
  if (!hasTools(t)) return;
  const [one, two] = [smallTree(t), smallTree(t)];
  assert.equal(hash(await packDeb(one)), hash(await packDeb(two)));
  assert.equal(hash(await packTarball(one)), hash(await packTarball(two)));
  writeFileSync(join(two.tree, 'app/cli.js'), '2');
  assert.notEqual(hash(await packTarball(one)), hash(await packTarball(two)));
});

test('the package holds command, units and a configuration that an upgrade keeps, all owned by root', async (t) => {
  if (!hasTools(t)) return;
  const file = await packDeb(smallTree(t));
  const list = execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8' });
  for (const [mode, path] of [
    ['-rwxr-xr-x', './usr/lib/portcullis/bin/portcullis'],
    ['-rw-r--r--', './usr/lib/portcullis/app/cli.js'],
    ['lrwxrwxrwx', './usr/bin/portcullis -> ../lib/portcullis/bin/portcullis'],
    ['-rw-r--r--', './usr/lib/systemd/system/portcullis.service'],
    ['-rw-r--r--', './usr/lib/udev/rules.d/60-portcullis.rules'],
  ] as const)
    assert.ok(
      list.split('\n').some((line) => line.startsWith(`${mode} root/root`) && line.endsWith(` ${path}`)),
      `${mode} ${path}\n${list}`,
    );
  assert.equal(execFileSync('dpkg-deb', ['-f', file, 'Architecture'], { encoding: 'utf8' }).trim(), 'arm64');
  const control = mkdtempSync(join(tmpdir(), 'portcullis-control-'));
  t.after(() => rmSync(control, { recursive: true }));
  execFileSync('dpkg-deb', ['-e', file, control]);
  assert.equal(readFileSync(join(control, 'conffiles'), 'utf8'), '/etc/portcullis/portcullis.yaml\n');
});

test('a release carries the day until which it is supported, the same in each build of a commit', (t) => {
  const written = ['', ''].map(() => {
    const place = smallTree(t, { epoch: Date.UTC(2026, 10, 23) / 1_000 });
    const file = join(place.tree, 'app/package.json');
    writeFileSync(file, '{"name":"portcullis","version":"1.2.3"}');
    stampSupport(place);
    return readFileSync(file, 'utf8');
  });
  assert.equal(written[0], written[1]);
  const carried: unknown = JSON.parse(written[0] ?? '');
  assert.deepEqual(carried, { name: 'portcullis', version: '1.2.3', supportedUntil: '2027-05-23' });
});

test('the list for Raspberry Pi Imager has every key of its schema, whole addresses, and says that it may ask for name and Wi-Fi', (t) => {
  const place = smallTree(t);
  const image = join(place.out, 'portcullis-1.2.3-arm64.img');
  writeFileSync(image, 'image');
  writeFileSync(`${image}.xz`, 'packed');
  const written = (url?: string): Readonly<Record<string, unknown>> => {
    writeImagerList(place, image, url);
    const text = readFileSync(join(place.out, 'portcullis.rpi-imager.json'), 'utf8');
    return (JSON.parse(text) as { os_list: [Record<string, unknown>] }).os_list[0];
  };
  const required =
    'name description icon url extract_size extract_sha256 image_download_size release_date devices'.split(' ');
  const entry = written('https://example.org/portcullis');
  assert.deepEqual(
    required.filter((key) => entry[key] === undefined),
    [],
  );
  assert.equal(entry['init_format'], 'cloudinit');
  assert.equal(entry['url'], 'https://example.org/portcullis/portcullis-1.2.3-arm64.img.xz');
  assert.deepEqual([entry['extract_size'], entry['extract_sha256']], [5, hash(image)]);
  assert.deepEqual([entry['image_download_size'], entry['image_download_sha256']], [6, hash(`${image}.xz`)]);
  assert.equal(written()['url'], pathToFileURL(`${image}.xz`).href);
});

test('the list of parts names what ships with its version, none of our tools, and is the same each time', async (t) => {
  const [one, two] = [await writeSbom(smallTree(t)), await writeSbom(smallTree(t))];
  const { components } = JSON.parse(readFileSync(one, 'utf8')) as { components: { name: string; version: string }[] };
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const [name, version] of Object.entries(dependencies))
    assert.ok(
      components.some((part) => part.name === name && part.version === version),
      `${name} ${version}`,
    );
  assert.deepEqual(
    components.filter(({ name }) => ['typescript', 'oxlint', 'playwright-core'].includes(name)),
    [],
  );
  assert.equal(hash(one), hash(two));
});

test('the sums of a release are signed', (t) => {
  const place = smallTree(t);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = join(place.out, 'key.pem');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const file = join(place.out, 'a.deb');
  writeFileSync(file, 'deb');
  writeSums(place, [file], key);
  const sums = readFileSync(join(place.out, 'SHA256SUMS'));
  assert.equal(sums.toString(), `${hash(file)}  a.deb\n`);
  const signature = Buffer.from(readFileSync(join(place.out, 'SHA256SUMS.sig'), 'utf8'), 'base64');
  assert.ok(verify(null, sums, publicKey, signature));
});
