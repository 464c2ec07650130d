import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ailmentOf, systemdMachine } from '../../gateway/update/machine.ts';
import { Slots } from '../../gateway/update/slots.ts';
import { judge, stage, type Machine } from '../../gateway/update/update.ts';
import { freePort } from '../harness/free-port.ts';
import { waitUntil } from '../harness/wait-until.ts';

const guard = join(import.meta.dirname, '../../systemd/image/guard');
const arch = { x64: 'amd64', arm64: 'arm64', arm: 'armhf' }[process.arch as 'x64'];
type Nature = 'well' | 'sick' | 'crash';

/** A gateway as far as an update sees it: ready, never ready, or ending at once. */
const program = (version: string, nature: Nature): string => `#!${process.execPath}
if ('${nature}' === 'crash') process.exit(1);
require('node:http').createServer((request, answer) => {
  answer.writeHead('${nature}' === 'well' ? 200 : 503).end('${version}');
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** A board with release 1.0.0 running under a stand-in for systemd: guard first, and again when it ends. */
async function board(t: TestContext, readyMs = 60_000) {
  const root = mkdtempSync(join(tmpdir(), 'portcullis-update-'));
  const keys = join(root, 'keys');
  mkdirSync(keys);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(keys, 'maker.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const place = join(root, 'opt');
  writeTree(join(place, 'releases/1.0.0'), '1.0.0', 'well');
  symlinkSync('releases/1.0.0', join(place, 'current'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;

  let child: ChildProcess | undefined;
  let isOn = true;
  const start = (): void => {
    if (!isOn) return;
    spawnSync(guard, [place], { stdio: 'ignore' });
    const env = { PORT: String(port) };
    child = spawn(join(place, 'current/bin/portcullis'), [], { env, stdio: 'ignore' });
    child.once('exit', () => setTimeout(start, 50));
  };
  t.after(async () => {
    isOn = false;
    if (child?.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    rmSync(root, { recursive: true, force: true });
  });
  start();
  const machine: Machine = {
    unpack: (tarball, folder) => systemdMachine(url, { readyMs, stableMs: 200 }).unpack(tarball, folder),
    restart: async () => void child?.kill('SIGKILL'),
    ailment: () => ailmentOf(url, { readyMs, stableMs: 200 }),
  };
  const running = (): Promise<string> =>
    fetch(url).then(
      (answer) => answer.text(),
      () => 'nothing',
    );
  const runs = (version: string): Promise<void> =>
    waitUntil(`${version} runs`, async () => (await running()) === version);
  await runs('1.0.0');
  return {
    slots: new Slots(place),
    machine,
    runs,
    place,
    keys,
    privateKey,
    release: (version: string, nature: Nature, key: KeyObject = privateKey) => pack(root, { version, nature, key }),
  };
}

function writeTree(folder: string, version: string, nature: Nature): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin/portcullis'), program(version, nature), { mode: 0o755 });
}

/** A signed release as the cross-build leaves it. */
function pack(root: string, { version, nature, key }: { version: string; nature: Nature; key: KeyObject }): string {
  const folder = mkdtempSync(join(root, 'release-'));
  const name = `portcullis-${version}-linux-${arch}`;
  writeTree(join(folder, name), version, nature);
  execFileSync('tar', ['-C', folder, '-cJf', join(folder, `${name}.tar.xz`), name]);
  const sum = createHash('sha256')
    .update(readFileSync(join(folder, `${name}.tar.xz`)))
    .digest('hex');
  const sums = `${sum}  ${name}.tar.xz\n`;
  writeFileSync(join(folder, 'SHA256SUMS'), sums);
  writeFileSync(join(folder, 'SHA256SUMS.sig'), sign(null, Buffer.from(sums), key).toString('base64'));
  return folder;
}

const quiet = (): void => undefined;

test('a release that is well is kept, and the one before stays for the way back', async (t) => {
  const { slots, machine, runs, release, keys, place } = await board(t);
  await stage(slots, machine, { folder: release('1.1.0', 'well'), keys });
  await machine.restart();
  assert.equal(await judge(slots, machine, quiet), 'kept');
  await runs('1.1.0');
  assert.deepEqual(readdirSync(join(place, 'releases')).toSorted(), ['1.0.0', '1.1.0']);
  assert.equal(await slots.trial(), undefined);
});

test('a release that never becomes ready is taken back, and the one before runs again', async (t) => {
  const { slots, machine, runs, release, keys } = await board(t, 1_000);
  await stage(slots, machine, { folder: release('1.1.0', 'sick'), keys });
  await machine.restart();
  assert.equal(await judge(slots, machine, quiet), 'rolled back');
  await runs('1.0.0');
  assert.equal(await slots.current(), '1.0.0');
});

test('a release that ends at every start is taken back though nobody judges it', async (t) => {
  const { slots, machine, runs, release, keys } = await board(t);
  await stage(slots, machine, { folder: release('1.1.0', 'crash'), keys });
  await machine.restart();
  await runs('1.0.0');
  assert.equal(await judge(slots, machine, quiet), 'rolled back');
  assert.equal(await slots.trial(), undefined);
});

test('a release that ends at every start is not taken for kept because the one before is well', async (t) => {
  const { slots, machine, runs, release, keys } = await board(t);
  await stage(slots, machine, { folder: release('1.1.0', 'crash'), keys });
  await machine.restart();
  const said: string[] = [];
  assert.equal(await judge(slots, machine, (sentence) => said.push(sentence)), 'rolled back');
  assert.match(said.join(), /1\.1\.0 did not stay up/);
  await runs('1.0.0');
  assert.equal(await slots.trial(), undefined);
});

test('a gateway that does not come up is left to the judge, a systemd that does not answer is told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-systemctl-'));
  const path = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true });
  });
  process.env['PATH'] = folder;
  const machine = systemdMachine('', { readyMs: 1, stableMs: 1 });
  const says = (said: string): void =>
    writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\necho "${said}" >&2\nexit 1\n`, { mode: 0o755 });
  says('Job for portcullis.service failed because the control process exited with error code.');
  await machine.restart();
  says('Failed to connect to system scope bus: No such file or directory');
  await assert.rejects(machine.restart(), /Failed to connect/);
});

test('what is unsigned, damaged, older or for another machine is refused before anything is touched', async (t) => {
  const { slots, machine, release, keys, place } = await board(t);
  const spoil = (file: string, change: (text: string) => string): string => {
    const folder = release('1.1.0', 'well');
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'latin1')), 'latin1');
    return folder;
  };
  const tarball = `portcullis-1.1.0-linux-${arch}.tar.xz`;
  const unsigned = release('1.1.0', 'well');
  rmSync(join(unsigned, 'SHA256SUMS.sig'));
  for (const [folder, because] of [
    [unsigned, /not signed/],
    [release('1.1.0', 'well', generateKeyPairSync('ed25519').privateKey), /No key/],
    [spoil('SHA256SUMS', (text) => text.replaceAll('1.1.0', '1.2.0')), /No key/],
    [spoil(tarball, (text) => `${text}x`), /damaged/],
    [release('0.9.0', 'well'), /older/],
    [release('1.0.0', 'well'), /is what runs/],
    [place, /not the folder of a release/],
  ] as const) {
    await assert.rejects(stage(slots, machine, { folder, keys }), { code: 'RELEASE_REFUSED', message: because });
    assert.deepEqual(readdirSync(join(place, 'releases')), ['1.0.0'], basename(folder));
    assert.deepEqual(readdirSync(place).toSorted(), ['current', 'releases']);
  }
});

test('a power cut between any two steps leaves a whole release current, and the next judge settles it', async (t) => {
  const { slots, machine, runs, release, keys, place } = await board(t);
  const folder = release('1.1.0', 'well');
  let isWhole = false;
  for (let steps = 0; !isWhole; steps += 1) {
    let left = steps;
    const cut = new Proxy(slots, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]): unknown => {
          if (left-- === 0) throw new Error('the power went');
          return Reflect.apply(member, target, given);
        };
      },
    });
    const fragile: Machine = {
      ...machine,
      unpack: async (file, into) => {
        if (left-- === 0) throw new Error('the power went');
        return machine.unpack(file, into);
      },
    };
    isWhole = await stage(cut, fragile, { folder, keys, anyVersion: true }).then(
      () => true,
      (error: Error) => (assert.match(error.message, /power went/), false),
    );
    assert.ok(existsSync(join(place, 'current/bin/portcullis')));
    if (!isWhole) {
      await judge(slots, machine, quiet);
      assert.equal(await slots.trial(), undefined);
    }
  }
  await machine.restart();
  assert.equal(await judge(slots, machine, quiet), 'kept');
  await runs('1.1.0');
});
