import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { renewClaimCode } from '../../../gateway/first-boot/renew-claim-code.ts';

/** A board's files, and its own tool for the code in them. */
function board(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'portcullis-board-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['boot/firmware', 'etc']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/hostname'), 'gw-896f\n');
  const tool = join(root, 'claim-code');
  writeFileSync(tool, `#!/bin/sh\nexec ${resolve('systemd/image/claim-code')} "$1" ${root}\n`, { mode: 0o755 });
  return { root, tool, read: (path: string) => readFileSync(join(root, path), 'utf8') };
}

test('a board draws another code, which is then on its card, on its screen and where the gateway reads it', async (t) => {
  const { root, tool, read } = board(t);
  writeFileSync(join(root, 'boot/firmware/claim-code.txt'), 'OLDCODE9\n');
  const code = await renewClaimCode(join(root, 'run/credentials/secret_claim'), tool);
  assert.match(code, /^[A-HJKMNP-Z2-9]{8}$/);
  assert.notEqual(code, 'OLDCODE9');
  assert.equal(read('boot/firmware/claim-code.txt'), `${code}\n`);
  assert.equal(read('etc/portcullis/secrets/claim'), `${code}\n`);
  assert.match(read('etc/issue.d/portcullis.issue'), new RegExp(`http://gw-896f\\.local:8080/claim .* ${code}\n`));
  assert.equal(statSync(join(root, 'etc/portcullis/secrets/claim')).mode & 0o777, 0o600);
});

test('the first boot takes the code that was chosen on the card, and draws one where there is none', (t) => {
  const { root, tool, read } = board(t);
  const take = (): string => execFileSync(tool, ['take'], { encoding: 'utf8' }).trim();
  assert.match(take(), /^[A-HJKMNP-Z2-9]{8}$/);
  writeFileSync(join(root, 'boot/firmware/claim-code.txt'), 'MY-OWN CODE 42\r\n');
  assert.equal(take(), 'MYOWNCODE42');
  assert.equal(read('etc/portcullis/secrets/claim'), 'MYOWNCODE42\n');
});

test('elsewhere the file of the code is written anew in its place, and one that cannot be is refused', async (t) => {
  const { root } = board(t);
  const [file, none] = [join(root, 'code'), join(root, 'no-tool')];
  writeFileSync(file, 'a longer code than a new one\n', { mode: 0o640 });
  const code = await renewClaimCode(file, none);
  assert.equal(readFileSync(file, 'utf8'), `${code}\n`);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  await assert.rejects(renewClaimCode(join(root, 'missing'), none), {
    code: 'FILE_UNREADABLE',
    message: /nothing was removed/,
  });
});
