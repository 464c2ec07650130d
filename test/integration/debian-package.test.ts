import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { packDeb } from '../../scripts/cross-build/deb.ts';
import { targets } from '../../scripts/cross-build/targets.ts';
import { debianRoot } from '../harness/debian-root.ts';
import { smallTree } from '../harness/small-tree.ts';

/** A package of this machine's own architecture, with next to nothing in it. */
function packageOf(t: TestContext, version: string, debian: string): Promise<string> {
  const place = smallTree(t, { version, target: { ...targets.arm64, debian } });
  writeFileSync(join(place.tree, 'app', `only-in-${version}.js`), '1');
  return packDeb(place);
}

/** systemd-tmpfiles wants to see processes; the mount is this command's own. */
const withProc = 'mount -t proc proc "$0/proc" && exec dpkg "--root=$0" "$@"';
/** The rest of Debian is unpacked, not installed; settings are kept as `apt` keeps them when nobody is asked. */
const options = ['--force-depends', '--force-confdef', '--force-confold'];

/** Every file but dpkg's own book and that of users. */
function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        !/^(var\/(lib\/dpkg|log|cache)|etc\/(\.pwd\.lock|passwd|group|shadow|gshadow|subuid|subgid)|proc|dev)/.test(
          path,
        ),
    )
    .toSorted();
}

test('the package is installed, upgraded with its data and settings kept, removed, and purged without a trace', async (t) => {
  const made = await debianRoot(t);
  if (made === undefined) return;
  const { root, arch } = made;
  const before = filesOf(root);
  const dpkg = (...args: string[]): void =>
    void execFileSync('unshare', ['--mount', '/bin/sh', '-c', withProc, root, ...options, ...args], {
      stdio: 'pipe',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
    });
  const at = (path: string): string => join(root, path);
  const [settings, data] = [at('etc/portcullis/portcullis.yaml'), at('var/lib/portcullis/messages.db')];
  const enabled = at('etc/systemd/system/multi-user.target.wants');

  dpkg('--install', await packageOf(t, '1.0.0', arch));
  const [, uid] = /^portcullis:[^:]*:(\d+):/m.exec(readFileSync(at('etc/passwd'), 'utf8')) ?? [];
  assert.equal(statSync(at('var/lib/portcullis')).mode & 0o777, 0o700);
  assert.equal(String(statSync(at('var/lib/portcullis')).uid), uid);
  assert.deepEqual(readdirSync(enabled).toSorted(), ['portcullis-flows.path', 'portcullis.service']);
  assert.ok(existsSync(at('usr/bin/portcullis')));

  writeFileSync(settings, 'dataDir: /var/lib/portcullis\n# mine\n');
  writeFileSync(data, 'a thousand messages');
  dpkg('--install', await packageOf(t, '1.1.0', arch));
  assert.match(readFileSync(settings, 'utf8'), /# mine/);
  assert.equal(readFileSync(data, 'utf8'), 'a thousand messages');
  assert.ok(!existsSync(at('usr/lib/portcullis/app/only-in-1.0.0.js')));
  assert.ok(existsSync(at('usr/lib/portcullis/app/only-in-1.1.0.js')));

  dpkg('--remove', 'portcullis');
  assert.ok(!existsSync(at('usr/lib/portcullis')));
  assert.ok(!existsSync(at('usr/lib/systemd/system/portcullis.service')));
  assert.ok(!existsSync(enabled));
  assert.equal(readFileSync(data, 'utf8'), 'a thousand messages');
  assert.match(readFileSync(settings, 'utf8'), /# mine/);

  dpkg('--purge', 'portcullis');
  const left = filesOf(root).filter((path) => !before.includes(path));
  assert.deepEqual(left, []);
});
