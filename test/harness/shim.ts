import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { cannotRun } from './cannot-run.ts';

/** Compiles one of the preloaded shims; the setup script has seen to a compiler. */
export function compileShim(source: string): string {
  const library = join(mkdtempSync(join(tmpdir(), 'portcullis-shim-')), 'shim.so');
  execFileSync('g++', ['-shared', '-fPIC', '-O1', '-x', 'c', source, '-o', library, '-ldl']);
  return library;
}

/** A folder on a file system of its own with little room. Only root can make one; else the test says so and skips. */
export function smallDisk(t: TestContext, megabytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (cannotRun(t, status === 0 ? undefined : 'needs the right to mount a small file system (root)')) return undefined;
  t.after(() => execFileSync('umount', ['-l', folder]));
  return folder;
}
