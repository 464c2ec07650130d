import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packTarball } from '../../scripts/cross-build/artefacts.ts';
import { emulationTools, registerEmulator, unpackPackages } from '../../scripts/cross-build/emulated-root.ts';
import { targets } from '../../scripts/cross-build/targets.ts';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { smallTree } from '../harness/small-tree.ts';
import { cannotRun } from '../harness/cannot-run.ts';

const root = join(import.meta.dirname, '../..');
const cache = join(homedir(), '.cache/portcullis/arm');
const packages = 'base-files,dash,coreutils,tar,xz-utils,libstdc++6,ca-certificates';

interface Inspected {
  readonly Docker: {
    readonly architecture: string;
    readonly config: Readonly<Record<string, unknown>>;
  };
}

/** Stands for the command in the small tree, and notes what it was asked for; refuses what carries the mark. */
const stub = `#!/bin/sh
echo "$@" >>/asked
test ! -e /usr/lib/portcullis/app/refused
`;

test('Dockerfile.arm64 builds without a registry: no root, a health check, the release, checked, and nothing of its packing', async (t) => {
  const missing = ensurePrograms({ ...emulationTools, buildah: 'buildah' }, (sentence) => t.diagnostic(sentence));
  const because = process.getuid?.() === 0 ? missing?.command : 'needs root';
  if (cannotRun(t, because)) return;
  await registerEmulator(targets.arm64, cache);
  const base = await unpackPackages(join(cache, 'container-base'), { arch: 'arm64', suite: 'trixie', packages });
  const place = smallTree(t);
  writeFileSync(join(place.tree, 'bin/portcullis'), stub);
  const context = mkdtempSync(join(tmpdir(), 'portcullis-container-'));
  const store = ['--root', join(context, 'store'), '--runroot', join(context, 'run'), '--storage-driver', 'vfs'];
  const buildah = (...args: string[]): string =>
    execFileSync('buildah', [...store, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
  t.after(() => {
    buildah('rm', '--all');
    rmSync(context, { recursive: true, force: true, maxRetries: 3 });
  });
  mkdirSync(join(context, 'release/arm64'), { recursive: true });
  const tarball = await packTarball(place);
  cpSync(tarball, join(context, 'release/arm64/portcullis-1.2.3-linux-arm64.tar.xz'));
  cpSync(join(root, 'Dockerfile.arm64'), join(context, 'Dockerfile.arm64'));

  const scratch = buildah('from', '--arch', 'arm64', '--os', 'linux', 'scratch');
  buildah('add', '--quiet', scratch, base, '/');
  buildah('commit', '--quiet', '--rm', scratch, 'localhost/base');
  const how = ['--platform', 'linux/arm64', '--isolation', 'chroot', '--pull-never', '--format', 'docker', '--quiet'];
  const file = [
    '--build-arg',
    'BASE=localhost/base',
    '-f',
    join(context, 'Dockerfile.arm64'),
    '-t',
    'localhost/portcullis',
  ];
  buildah('build', ...how, ...file, context);

  const { Docker } = JSON.parse(buildah('inspect', '--type', 'image', 'localhost/portcullis')) as Inspected;
  assert.equal(Docker.architecture, 'arm64');
  assert.equal(Docker.config['User'], '10001:10001');
  assert.match(JSON.stringify(Docker.config['Healthcheck']), /readyz/);
  assert.deepEqual(Docker.config['Entrypoint'], ['/usr/bin/portcullis']);

  const container = buildah('from', '--pull-never', 'localhost/portcullis');
  const mounted = buildah('mount', container);
  const at = (path: string): string => join(mounted, path);
  assert.equal(readFileSync(at('usr/lib/portcullis/app/cli.js'), 'utf8'), '1');
  assert.equal(statSync(at('var/lib/portcullis')).uid, 10_001);
  assert.equal(readFileSync(at('asked'), 'utf8'), 'contract check --image /\n');
  for (const left of ['tmp/portcullis-1.2.3-linux-arm64.tar.xz', 'usr/lib/portcullis/systemd', 'out'])
    assert.ok(!existsSync(at(left)), left);
  buildah('umount', container);

  writeFileSync(join(place.tree, 'app/refused'), '');
  cpSync(await packTarball(place), join(context, 'release/arm64/portcullis-1.2.3-linux-arm64.tar.xz'));
  assert.throws(
    () => buildah('build', ...how, ...file, context),
    /exit status 1/,
    'what the check refuses is not built',
  );
});
