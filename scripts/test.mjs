// Runs every test file under node:test, but for those that boot machines (test/image); arguments name files or folders
// instead. The exit code is the runner's.
import { spawn } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
// Once for all: several suites show the page, and ship it.
import './build-console.mjs';
import { build } from './build.ts';

const wanted = process.argv.slice(2);
const patterns = wanted.length === 0 ? ['test/**/*.test.ts', 'plugins/**/*.test.ts'] : wanted;
const files = patterns
  .flatMap((p) => (statSync(p, { throwIfNoEntry: false })?.isDirectory() ? globSync(`${p}/**/*.test.ts`) : globSync(p)))
  .filter((file) => !file.includes('fixtures/') && (wanted.length > 0 || !file.startsWith('test/image/')));
if (files.length === 0) {
  console.error(`No test file matches ${patterns.join(' ')}.`);
  process.exit(64);
}
// Many suites wait for processes, disks and deadlines more than they compute: three files at once kept the two cores of CI
// busy for 0.6 of the time.
const concurrency = '--test-concurrency=4';
/** What is made once for the tests of this run (test/harness/cli.ts and admitted-once.ts). */
const made = mkdtempSync(join(tmpdir(), 'portcullis-tests-'));
if (wanted.length === 0) {
  // Plugins run as users of their own.
  chmodSync(made, 0o755);
  await build(join(made, 'built'));
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(made, 'built/node_modules'));
}
// The suites start hundreds of processes of the same code; compiling it once saves a fifth of each start.
const env = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)),
  PORTCULLIS_TEST_RUN: made,
  ...process.env,
};
/** Machines are booted under emulation. */
const timeoutMs = files.some((file) => file.startsWith('test/image/')) ? 28_800_000 : 600_000;
const runner = spawn(process.execPath, ['--test', concurrency, `--test-timeout=${timeoutMs}`, ...files], {
  stdio: 'inherit',
  env,
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
runner.on('exit', (code, signal) => {
  rmSync(made, { recursive: true, force: true });
  process.exit(code ?? (signal ? 1 : 0));
});
