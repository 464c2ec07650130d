import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { packTarball, writeSums } from '../../scripts/cross-build/artefacts.ts';
import { packDeb } from '../../scripts/cross-build/deb.ts';
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
