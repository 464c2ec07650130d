import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const repository = join(import.meta.dirname, '../..');

/**
 * Runs the real set-up on a fresh clone with only these programs on the path. `npm` is a program that has done its work
 * at once: what is looked at here comes after it.
 */
function setup(t: TestContext, programs: readonly string[]): { code: number | null; said: string; isReady: boolean } {
  const clone = mkdtempSync(join(tmpdir(), 'portcullis-clone-'));
  t.after(() => rmSync(clone, { recursive: true, force: true }));
  const bin = join(clone, 'bin');
  for (const folder of ['scripts', 'node_modules', 'bin']) mkdirSync(join(clone, folder));
  for (const file of [
    'scripts/setup.mjs',
    'scripts/debian-packages.mjs',
    'scripts/one-language.mjs',
    'package-lock.json',
  ])
    copyFileSync(join(repository, file), join(clone, file));
  for (const program of programs) {
    writeFileSync(join(bin, program), '#!/bin/sh\nexit 0\n');
    chmodSync(join(bin, program), 0o755);
  }
  symlinkSync(process.execPath, join(bin, 'node'));
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(clone, 'scripts/setup.mjs')], {
    env: { PATH: bin, HOME: clone },
    encoding: 'utf8',
  });
  return { code: status, said: stderr + stdout, isReady: existsSync(join(clone, 'node_modules/.portcullis-setup')) };
}

test('a missing build tool is one sentence that names it and the command, with an exit code and no stack trace', (t) => {
  for (const [there, missing] of [
    [[], 'g++, make, python3'],
    [['make', 'python3'], 'g++'],
    [['g++', 'python3'], 'make'],
    [['g++', 'make'], 'python3'],
  ] as const) {
    const { code, said, isReady } = setup(t, ['npm', ...there]);
    assert.deepEqual([code, isReady], [69, false], said);
    const [last = ''] = said.trim().split('\n').toReversed();
    const command = `sudo apt-get install -y ${missing.replaceAll(',', '')}`;
    assert.equal(
      last,
      `portcullis setup: the build tool ${missing} is missing; the GPIO module needs it. Run "${command}" and try again.`,
    );
    assert.doesNotMatch(said, /^\s+at |Error:/m);
  }
});

test('without npm, or when it fails, the set-up says so in a sentence', (t) => {
  const { code, said, isReady } = setup(t, []);
  assert.deepEqual([code, isReady], [69, false], said);
  assert.match(said, /npm could not install the dependencies\. Is the registry reachable\?/);
  assert.doesNotMatch(said, /^\s+at /m);
});
