// Programs that a script needs from Debian's packages. Plain JavaScript, because the set-up runs it under an older Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const there = (program) => spawnSync('/bin/sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status === 0;

/**
 * Sees to it that programs (`wanted`: program to package) are there, and installs their packages where that is allowed
 * (root on Debian). Gives back the programs that are still missing and the command that would install them, or undefined.
 */
export function ensurePrograms(wanted, say) {
  const missing = () => Object.entries(wanted).filter(([program]) => !there(program));
  const packages = missing().map(([, name]) => name);
  if (packages.length === 0) return undefined;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    say(`installing ${packages.join(', ')} with apt-get…`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // Test files run at the same time, and a second apt-get gives up at once.
    const install = 'apt-get update -qq; exec apt-get install -y -qq --no-install-recommends "$@"';
    const command = ['/bin/sh', '-c', install, 'sh', ...packages];
    spawnSync('flock', ['/run/lock/portcullis-apt', ...command], { env, stdio: 'ignore' });
  }
  const still = missing();
  if (still.length === 0) return undefined;
  const command = `apt-get install -y ${still.map(([, name]) => name).join(' ')}`;
  return { programs: still.map(([program]) => program), command };
}
