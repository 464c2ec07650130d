import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { waitUntil } from '../harness/wait-until.ts';
import { patienceMs, tool, type Arch, type Board } from './board.ts';

/** Releases on a disk, and the public key (PEM) that signed them. */
export interface ReleaseDisk {
  readonly file: string;
  readonly key: string;
}

/**
 * A disk with two signed releases that are newer than the image's: `good` is the same gateway under another number, `broken` one
 * that ends at every start.
 */
export function releaseDisk(t: TestContext, arch: Arch): ReleaseDisk {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-releases-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const built = join(import.meta.dirname, '../../release', arch, 'work', arch, 'tree');
  const disk = join(folder, 'disk');
  for (const [kind, version] of [
    ['good', '90.0.0'],
    ['broken', '91.0.0'],
  ] as const) {
    const tree = join(folder, kind);
    // Links: what differs is written anew, never into them.
    tool('cp', ['-al', built, tree]);
    const manifest = join(tree, 'app/package.json');
    const content = { ...(JSON.parse(readFileSync(manifest, 'utf8')) as object), version };
    replace(manifest, JSON.stringify(content));
    if (kind === 'broken') replace(join(tree, 'app/gateway/cli.js'), 'process.exit(1);\n');
    const to = join(disk, kind);
    mkdirSync(to, { recursive: true });
    const name = `portcullis-${version}-linux-${arch}.tar.xz`;
    tool('tar', [
      '--use-compress-program=xz -0 -T2',
      '--transform=s,^\\.,release,',
      '-C',
      tree,
      '-cf',
      join(to, name),
      '.',
    ]);
    const sum = createHash('sha256')
      .update(readFileSync(join(to, name)))
      .digest('hex');
    const sums = `${sum}  ${name}\n`;
    writeFileSync(join(to, 'SHA256SUMS'), sums);
    writeFileSync(join(to, 'SHA256SUMS.sig'), sign(null, Buffer.from(sums), privateKey).toString('base64'));
    rmSync(tree, { recursive: true });
  }
  const file = join(folder, 'releases.ext4');
  tool('mke2fs', ['-q', '-F', '-t', 'ext4', '-L', 'RELEASES', '-d', disk, file, '200M']);
  return { file, key: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

function replace(path: string, text: string): void {
  rmSync(path);
  writeFileSync(path, text);
}

const current = async ({ run }: Board): Promise<string> =>
  (await run('readlink /opt/portcullis/current')).replace(/^releases\//, '');
const runningVersion = async ({ run }: Board): Promise<string> => run('portcullis --version');
/** Emulation is slower than any board; everything else is as an administrator would type it. */
const apply = (kind: string, ready = 900): string => `portcullis update apply /mnt/${kind} --ready-seconds ${ready}`;

/** The disk is there after every boot; the key is one that the administrator trusts. */
export async function prepareUpdates({ run }: Board, key: string): Promise<void> {
  await run(`mkdir -p /etc/portcullis/release-keys
cat >/etc/portcullis/release-keys/test.pem <<'END'
${key.trim()}
END`);
  await mountReleases({ run });
}

const mountReleases = ({ run }: Pick<Board, 'run'>): Promise<string> => run('mount -o ro LABEL=RELEASES /mnt');

/** The power goes while a release is unpacked: the next boot runs the one before. */
export async function cutWhileUnpacking(board: Board): Promise<void> {
  const before = await current(board);
  await board.run(`nohup ${apply('good')} >/tmp/update 2>&1 &`);
  const started = async (): Promise<boolean> =>
    (await board.run('ls -A /opt/portcullis/releases')).includes('.new-90.0.0');
  await waitUntil('the release to be unpacked', started, patienceMs);
  await board.cutPower();
  await board.boot();
  assert.equal(await current(board), before);
  assert.equal(await runningVersion(board), before);
}

/** A signed release is verified, tried and kept; a changed one is not touched. */
export async function updates(board: Board): Promise<void> {
  await mountReleases(board);
  await assert.rejects(
    board.run(
      'mkdir -p /tmp/bad && cp /mnt/good/SHA256SUMS* /tmp/bad && echo >>/tmp/bad/SHA256SUMS && portcullis update apply /tmp/bad',
    ),
    /No key in .* signed this release/,
  );
  assert.match(await board.run(apply('good')), /90\.0\.0 runs and is well/);
  assert.equal(await current(board), '90.0.0');
  assert.equal(await runningVersion(board), '90.0.0');
}

/** A release that ends at every start is taken back by the board itself, and the one before runs again. */
export async function takesBack(board: Board): Promise<void> {
  const said = await board.run(`${apply('broken')} || echo "ended with $?"`);
  assert.match(said, /ended with 1/);
  assert.match(said, /did not stay up|taken back/);
  await runsAndIsWell(board, '90.0.0');
}

/** The power goes while a broken release is on trial: the next boot runs the one before, and nothing is on trial. */
export async function cutWhileOnTrial(board: Board): Promise<void> {
  await board.run(`nohup ${apply('broken')} >/tmp/update 2>&1 &`);
  await waitUntil('the broken release to be current', async () => (await current(board)) === '91.0.0', patienceMs);
  await board.cutPower();
  await board.boot();
  await waitUntil(
    'the boot to settle the trial',
    async () => (await board.run('ls /opt/portcullis')).split(/\s+/).every((name) => name !== 'trial'),
    patienceMs,
  );
  await runsAndIsWell(board, '90.0.0');
}

async function runsAndIsWell(board: Board, version: string): Promise<void> {
  assert.equal(await current(board), version);
  const isReady = async (): Promise<boolean> =>
    (await board.run('systemctl is-active portcullis || true')) === 'active';
  await waitUntil('the gateway to run again', isReady, patienceMs);
  assert.equal(await runningVersion(board), version);
}
