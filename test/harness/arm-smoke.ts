import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { emulationTools } from '../../scripts/cross-build/emulated-root.ts';
import { smokeTest } from '../../scripts/cross-build/smoke.ts';
import type { Target } from '../../scripts/cross-build/targets.ts';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { armRoot } from './arm-root.ts';
import { cannotRun } from './cannot-run.ts';
import { cli } from './cli.ts';

/**
 * Sends messages of a device through the gateway of this working tree to a cloud, inside a root file system of the target
 * under emulation, and checks the plugins that it ships for that machine. Skipped in words where that cannot be done.
 */
export async function tryOn(t: TestContext, target: Target): Promise<void> {
  if (cannotRun(t, hindrance(t, target))) return;
  const guest = await armRoot(t, target);
  assert.ok((await smokeTest(guest)) >= 20);
  const command = [cli, 'contract', 'check', '--image', guest];
  const { status, stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^ADMIT/m);
}

/** What keeps this machine from running programs of the target, as a sentence. */
function hindrance(t: TestContext, { triplet, compilerPackage, compiled }: Target): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, for a root file system of its own';
  const compiler = compiled.length > 1 && { [`${triplet}-g++`]: compilerPackage, make: 'make', python3: 'python3' };
  const tools = { ...emulationTools, [`${triplet}-strip`]: `binutils-${triplet}`, patchelf: 'patchelf', ...compiler };
  const missing = ensurePrograms(tools, (sentence) => t.diagnostic(sentence));
  return missing && `needs ${missing.programs.join(', ')}: ${missing.command}`;
}
