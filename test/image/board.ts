import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../harness/free-port.ts';
import { waitUntil } from '../harness/wait-until.ts';

const release = join(import.meta.dirname, '../../release/arm64');
/** Where `writeDisk` puts the boot partition. */
const bootOffset = 4 * 1024 * 1024;
const cardBytes = 4 * 1024 ** 3;
const patienceMs = 900_000;

/** A board that boots a copy of the image from a card of 4 GiB: QEMU's `virt` machine, everything emulated. */
export interface Board {
  readonly mqttPort: number;
  readonly api: <Answer>(path: string, body?: unknown) => Promise<Answer>;
  /** What its serial console showed, over all boots. */
  readonly console: () => string;
  /** Switches it on and waits until its gateway is ready; gives back the seconds that took. */
  readonly boot: () => Promise<number>;
  /** Takes the power away, without notice. */
  readonly cutPower: () => Promise<void>;
  /** The text of a file of the boot partition; the power must be off. */
  readonly readCard: (file: string) => string;
}

/** The image that was built last, or undefined. */
export const builtImage = (): string | undefined =>
  globSync('portcullis-*-arm64.img', { cwd: release })
    .toSorted()
    .map((name) => join(release, name))
    .at(-1);

/** Writes a card: the image, and the files that an installer puts on its boot partition. The power is off. */
export async function makeBoard(
  t: TestContext,
  image: string,
  files: Readonly<Record<string, string>>,
): Promise<Board> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-board-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const card = join(folder, 'card.img');
  tool('cp', ['--sparse=always', image, card]);
  truncateSync(card, cardBytes);
  const boot = `${card}@@${bootOffset}`;
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, basename(path));
    writeFileSync(file, text);
    if (path.includes('/') && !tool('mdir', ['-b', '-i', boot, '::']).includes('secrets'))
      tool('mmd', ['-i', boot, '::/secrets']);
    tool('mcopy', ['-o', '-i', boot, file, `::/${path}`]);
  }
  for (const part of ['vmlinuz', 'initrd.img']) {
    const name = new RegExp(`${part}-\\S+`).exec(tool('mdir', ['-b', '-i', boot, '::']))?.[0];
    tool('mcopy', ['-i', boot, `::/${name}`, join(folder, part)]);
  }

  const [mqttPort, httpPort] = [await freePort(), await freePort()];
  let machine: ChildProcess | undefined;
  let said = '';
  const cutPower = async (): Promise<void> => {
    if (machine === undefined || machine.exitCode !== null || machine.signalCode !== null) return;
    const ended = once(machine, 'exit');
    machine.kill('SIGKILL');
    await ended;
  };
  t.after(cutPower);
  const url = `http://127.0.0.1:${httpPort}`;
  return {
    mqttPort,
    console: () => said,
    cutPower,
    readCard: (file) => tool('mtype', ['-i', boot, `::/${file}`]),
    boot: async () => {
      const start = performance.now();
      machine = spawn('qemu-system-aarch64', machineOf(folder, card, { mqttPort, httpPort }), {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [machine.stdout, machine.stderr])
        stream?.on('data', (bytes: Buffer) => (said += bytes.toString()));
      const asked = async (): Promise<boolean> => {
        if (machine?.exitCode !== null) throw new Error(`the machine ended:\n${said.slice(-3_000)}`);
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
        return answer?.ok === true;
      };
      await waitUntil('the gateway of the board to be ready', asked, patienceMs).catch((error: Error) => {
        throw new Error(`${error.message}\n${said.slice(-3_000)}`, { cause: error });
      });
      return (performance.now() - start) / 1_000;
    },
    api: async <Answer>(path: string, body?: unknown) => {
      const headers = { 'content-type': 'application/json' };
      const init = body === undefined ? undefined : { method: 'POST', headers, body: JSON.stringify(body) };
      return (await (await fetch(`${url}${path}`, init)).json()) as Answer;
    },
  };
}

function machineOf(
  folder: string,
  card: string,
  { mqttPort, httpPort }: { mqttPort: number; httpPort: number },
): string[] {
  const network = `user,id=net,hostfwd=tcp:127.0.0.1:${mqttPort}-:1883,hostfwd=tcp:127.0.0.1:${httpPort}-:8080`;
  const options = {
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
    append: 'console=ttyAMA0 root=LABEL=RASPIROOT rw net.ifnames=0',
    drive: `if=none,id=card,file=${card},format=raw,cache=writethrough`,
    netdev: network,
  };
  const devices = ['virtio-blk-device,drive=card', 'virtio-net-device,netdev=net', 'virtio-rng-device'];
  return [
    ...'-M virt -cpu cortex-a72 -smp 2 -m 1G -nographic -no-reboot'.split(' '),
    ...Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]),
    ...devices.flatMap((device) => ['-device', device]),
  ];
}

function tool(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
