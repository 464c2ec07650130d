import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { cannotRun } from './cannot-run.ts';

const compiled = new Map<string, string>();

/** Compiles one of the preloaded shims, once; the setup script has seen to a compiler. */
export function compileShim(source: string): string {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-shim-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const library = join(folder, 'shim.so');
  execFileSync('g++', ['-shared', '-fPIC', '-O1', '-x', 'c', source, '-o', library, '-ldl']);
  compiled.set(source, library);
  return library;
}

/** A folder on a file system of its own with little room. Only root can make one; else the test says so and skips. */
export function smallDisk(t: TestContext, megabytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (status !== 0) rmdirSync(folder);
  if (cannotRun(t, status === 0 ? undefined : 'needs the right to mount a small file system (root)')) return undefined;
  t.after(() => {
    execFileSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });
  return folder;
}
