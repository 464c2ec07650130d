import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { emulationTools } from '../../scripts/cross-build/emulated-root.ts';
import { smokeTest } from '../../scripts/cross-build/smoke.ts';
import { targets, type Target } from '../../scripts/cross-build/targets.ts';
import { armRoot } from '../harness/arm-root.ts';

const cli = join(import.meta.dirname, '../../gateway/cli.ts');

/** What keeps this machine from running programs of the target, as a sentence. */
function hindrance({ triplet, compilerPackage, compiled }: Target): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, for a root file system of its own';
  const compiler = compiled.length > 1 && { [`${triplet}-g++`]: compilerPackage, make: 'make', python3: 'python3' };
  const tools = { ...emulationTools, [`${triplet}-objdump`]: `binutils-${triplet}`, patchelf: 'patchelf', ...compiler };
  const missing = ensurePrograms(tools, (sentence) => console.error(sentence));
  return missing && `needs ${missing.programs.join(', ')}: ${missing.command}`;
}

function canRun(t: TestContext, target: Target): boolean {
  const because = hindrance(target);
  if (because === undefined) return true;
  if (process.env['CI'] === 'true') throw new Error(because);
  t.skip(because);
  return false;
}

for (const target of Object.values(targets)) {
  test(`on ${target.arch} a device's messages reach the cloud, and every shipped plugin fits its contract there`, async (t) => {
    if (!canRun(t, target)) return;
    const guest = await armRoot(t, target);
    assert.ok((await smokeTest(guest)) >= 20);
    const { status, stdout } = spawnSync(process.execPath, [cli, 'contract', 'check', '--image', guest], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^ADMIT/m);
  });
}
