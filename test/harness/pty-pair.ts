import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/**
 * Two pseudo terminals whose masters are tied together: what is written to one comes out of the other, as on a cable. The
 * child holds the other sides open too, so that a party that closes does not end the line. Python is there wherever the GPIO module can be compiled.
 */
const program = `
import os, pty, select, sys, tty
ends = [pty.openpty() for _ in range(2)]
for _, slave in ends: tty.setraw(slave)
print(' '.join(os.ttyname(slave) for _, slave in ends), flush=True)
masters = [master for master, _ in ends]
while True:
    readable = select.select(masters + [0], [], [])[0]
    if 0 in readable: sys.exit()
    for master in readable:
        os.write(masters[1 - masters.index(master)], os.read(master, 4096))
`;

export interface PtyPair {
  /** Device nodes of the two ends. */
  readonly ends: readonly [string, string];
  /** Pulls the cable: both ends are gone. */
  pull(): Promise<void>;
}

/** A serial cable; it ends with the test, and with this process. */
export async function ptyPair(t: TestContext): Promise<PtyPair> {
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(() => Promise.reject(new Error('python3 could not open a pseudo terminal'))),
  ])) as [string];
  const [left = '', right = ''] = line.split(' ');
  const pull = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(pull);
  return { ends: [left, right], pull };
}
