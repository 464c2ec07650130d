import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeRoot, registerEmulator } from './emulated-root.ts';
import { run } from './run.ts';
import type { Workplace } from './targets.ts';

/**
 * Runs the tree under emulation before it counts as built: each native module is loaded and used, and a message goes from a device
 * through broker, plugin, worker thread and database to the local cloud over HTTPS. Gives back what it said.
 */
export async function smokeTest({ root, tree, target, say }: Workplace, rootFolder: string): Promise<string> {
  say(`smoke test under qemu-${target.emulator}`);
  await registerEmulator(target);
  const guest = await makeRoot(target, rootFolder);
  const inside = join(guest, 'opt/portcullis');
  rmSync(inside, { recursive: true, force: true });
  mkdirSync(inside, { recursive: true });
  cpSync(tree, inside, { recursive: true, verbatimSymlinks: true });
  cpSync(join(root, 'scripts/cross-build/smoke-in-guest.mjs'), join(inside, 'app/smoke-in-guest.mjs'));
  await run('mount', ['-t', 'proc', 'proc', join(guest, 'proc')]);
  await run('mount', ['--bind', '/dev', join(guest, 'dev')]);
  try {
    // An environment of its own: what this machine needs for its network means nothing inside.
    const command = ['/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', '/opt/portcullis/runtime/node'];
    return await run('/usr/sbin/chroot', [guest, ...command, '/opt/portcullis/app/smoke-in-guest.mjs']);
  } finally {
    await run('umount', [join(guest, 'dev')]);
    await run('umount', [join(guest, 'proc')]);
  }
}
