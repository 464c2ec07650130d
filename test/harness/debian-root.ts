import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { emulationTools, unpackPackages } from '../../scripts/cross-build/emulated-root.ts';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { cannotRun } from './cannot-run.ts';

const cache = join(homedir(), '.cache/portcullis/arm');
const packages = 'base-files,dash,coreutils,libstdc++6,util-linux,systemd';

/** A root file system of this machine's architecture, as `dpkg` names it. */
export interface DebianRoot {
  readonly root: string;
  readonly arch: string;
}

/**
 * A Debian with systemd and without the gateway, for one test: unpacked, not installed. Skipped in words, with nothing given
 * back, where it cannot be made.
 */
export async function debianRoot(t: TestContext): Promise<DebianRoot | undefined> {
  const tools = { ...emulationTools, 'systemd-sysusers': 'systemd', xz: 'xz-utils' };
  const missing = process.getuid?.() === 0 ? ensurePrograms(tools, (sentence) => t.diagnostic(sentence)) : undefined;
  const because = process.getuid?.() === 0 ? missing?.command : 'needs root, for a root file system of its own';
  if (cannotRun(t, because)) return undefined;
  const arch = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const small = await unpackPackages(join(cache, `systemd-${arch}`), { arch, suite: 'trixie', packages });
  const own = mkdtempSync(join(cache, 'run-'));
  t.after(() => rmSync(own, { recursive: true, force: true, maxRetries: 3 }));
  const root = join(own, 'root');
  execFileSync('cp', ['-a', small, root]);
  for (const folder of ['updates', 'info', 'triggers'])
    mkdirSync(join(root, 'var/lib/dpkg', folder), { recursive: true });
  for (const file of ['status', 'available']) writeFileSync(join(root, 'var/lib/dpkg', file), '');
  return { root, arch };
}
