import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../harness/free-port.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { openGuestShell, type GuestShell } from './guest-shell.ts';

/** Where `writeDisk` puts the boot partition. */
const bootOffset = 4 * 1024 * 1024;
const cardBytes = 4 * 1024 ** 3;
/** Everything is emulated, beside other tests. */
export const patienceMs = 1_800_000;
/** A boot takes 6 minutes of the emulator's processor time, whatever else this machine does; how long that is depends on the rest. */
const bootProcessorSeconds = 1_500;

export type Arch = 'arm64' | 'armhf';

/** The gateway's watchdog of 90 s is for boards: emulation beside other work was seen to stand still for longer. */
const dropIn = Buffer.from('[Service]\nWatchdogSec=1800\n').toString('base64');
/**
 * Words for the guest's systemd: as patient as this test, because emulation gets only what others leave of the processor; and a root
 * shell on the second console of its kind (on the first there would be a login).
 */
const patience = [
  'systemd.default_device_timeout_sec=900 systemd.default_timeout_start_sec=900 systemd.debug_shell=hvc1',
  `systemd.set_credential_binary=systemd.unit-dropin.portcullis.service:${dropIn}`,
].join(' ');

/** What QEMU runs for the boards of an architecture: its `virt` machine with a processor of theirs. */
const machines: Readonly<Record<Arch, { readonly program: string; readonly machine: string }>> = {
  arm64: { program: 'qemu-system-aarch64', machine: '-M virt -cpu cortex-a72' },
  // The kernel for 32 bits sees no bus above 4 GiB.
  armhf: { program: 'qemu-system-arm', machine: '-M virt,highmem=off -cpu cortex-a7' },
};

export const boardTools = (arch: Arch): Record<string, string> => ({
  [machines[arch].program]: 'qemu-system-arm',
  mcopy: 'mtools',
  ssh: 'openssh-client',
});

/** A board that boots a copy of the image from a card of 4 GiB: QEMU's `virt` machine with 512 MB, everything emulated. */
export interface Board {
  readonly mqttPort: number;
  readonly sshPort: number;
  /** Asks its API from the network; with a body it is a POST. */
  readonly fetch: (path: string, ask?: BoardAsk) => Promise<Response>;
  /** What its serial console showed, over all boots. */
  readonly console: () => string;
  /** Switches it on and waits until its gateway is ready; gives back the seconds that took. */
  readonly boot: () => Promise<number>;
  /** Runs shell text as its root; gives back what that printed. */
  readonly run: (text: string) => Promise<string>;
  /** Takes the power away, without notice. */
  readonly cutPower: () => Promise<void>;
  /** The text of a file of the boot partition, or the names in a folder; the power must be off. */
  readonly readCard: (file: string) => string;
  readonly listCard: (folder: string) => string;
}

export interface BoardAsk {
  readonly body?: unknown;
  /** The administrator's. */
  readonly token?: string;
}

export interface BoardOptions {
  readonly arch: Arch;
  /** What an installer puts on the card's boot partition. */
  readonly files: Readonly<Record<string, string>>;
  /** Device node of this machine that the board has as a USB serial adapter (FTDI's, with the serial number METER1). */
  readonly serial?: string;
  /** A file that the board has as a second disk. */
  readonly disk?: string;
  /** Further words for its kernel. */
  readonly kernel?: string;
}

/** The image that was built last, or undefined. */
export const builtImage = (arch: Arch): string | undefined => {
  const release = join(import.meta.dirname, '../../release', arch);
  return globSync(`portcullis-*-${arch}.img`, { cwd: release })
    .toSorted()
    .map((name) => join(release, name))
    .at(-1);
};

/** Writes a card: the image, and the files that an installer puts on its boot partition. The power is off. */
export async function makeBoard(t: TestContext, image: string, options: BoardOptions): Promise<Board> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-board-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const card = writeCard(folder, image, options.files);
  const onCard = `${card}@@${bootOffset}`;
  const ports = { mqtt: await freePort(), http: await freePort(), ssh: await freePort() };
  let machine: ChildProcess | undefined;
  let shell: GuestShell | undefined;
  let said = '';
  const cutPower = async (): Promise<void> => {
    shell?.[Symbol.dispose]();
    shell = undefined;
    if (machine === undefined || machine.exitCode !== null || machine.signalCode !== null) return;
    const ended = once(machine, 'exit');
    machine.kill('SIGKILL');
    await ended;
  };
  t.after(cutPower);
  const url = `http://127.0.0.1:${ports.http}`;
  const isReady = async (): Promise<boolean> => {
    if (machine?.exitCode !== null) throw new Error('the machine ended');
    if (processorSeconds(machine.pid) > bootProcessorSeconds) throw new Error('the machine was busy for too long');
    // Each look costs the machine some of the time that it needs to get ready.
    await sleep(1_000);
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
    return answer?.ok === true;
  };
  return {
    mqttPort: ports.mqtt,
    sshPort: ports.ssh,
    console: () => said,
    cutPower,
    run: async (text) => {
      shell ??= await openGuestShell(join(folder, 'shell'), patienceMs);
      return shell.run(text);
    },
    readCard: (file) => tool('mtype', ['-i', onCard, `::/${file}`]),
    listCard: (path) => tool('mdir', ['-b', '-i', onCard, `::/${path}`]),
    boot: async () => {
      const start = performance.now();
      machine = spawn(machines[options.arch].program, machineOf(folder, card, ports, options), {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [machine.stdout, machine.stderr])
        stream?.on('data', (bytes: Buffer) => (said += bytes.toString()));
      await waitUntil('the gateway of the board to be ready', isReady, 2 * patienceMs).catch((error: Error) => {
        throw new Error(`${error.message}\n${said.slice(-3_000)}`, { cause: error });
      });
      return (performance.now() - start) / 1_000;
    },
    fetch: (path, { body, token } = {}) => {
      const headers: Record<string, string> = {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      };
      const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
      return fetch(`${url}${path}`, init);
    },
  };
}

/** What a process of this machine had of its processors. */
function processorSeconds(pid: number | undefined): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold anything: proc(5) counts user and system time, in hundredths, as the 14th and 15th field.
  const [user, system] = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** The card with its files, and beside it kernel and initramfs: the boards' firmware, which would load them, is nothing that QEMU has. */
function writeCard(folder: string, image: string, files: BoardOptions['files']): string {
  const card = join(folder, 'card.img');
  tool('cp', ['--sparse=always', image, card]);
  truncateSync(card, cardBytes);
  const boot = `${card}@@${bootOffset}`;
  if (Object.keys(files).some((path) => path.includes('/'))) tool('mmd', ['-i', boot, '::/secrets']);
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, basename(path));
    writeFileSync(file, text);
    tool('mcopy', ['-o', '-i', boot, file, `::/${path}`]);
  }
  for (const part of ['vmlinuz', 'initrd.img']) {
    const name = new RegExp(`${part}-\\S+`).exec(tool('mdir', ['-b', '-i', boot, '::']))?.[0];
    tool('mcopy', ['-i', boot, `::/${name}`, join(folder, part)]);
  }
  return card;
}

function machineOf(
  folder: string,
  card: string,
  ports: { readonly mqtt: number; readonly http: number; readonly ssh: number },
  { arch, serial, disk, kernel = '' }: BoardOptions,
): string[] {
  const forward = (from: number, to: number): string => `hostfwd=tcp:127.0.0.1:${from}-:${to}`;
  const options: readonly (readonly [string, string])[] = [
    ['kernel', join(folder, 'vmlinuz')],
    ['initrd', join(folder, 'initrd.img')],
    ['append', `console=ttyAMA0 root=LABEL=RASPIROOT rw net.ifnames=0 ${patience} ${kernel}`],
    // What the board has written stays when its power goes; what it has not is lost.
    ['drive', `if=none,id=card,file=${card},format=raw,cache=writeback`],
    ['device', 'virtio-blk-device,drive=card'],
    ['netdev', `user,id=net,${forward(ports.mqtt, 1883)},${forward(ports.http, 8080)},${forward(ports.ssh, 22)}`],
    ['device', 'virtio-net-device,netdev=net'],
    ['device', 'virtio-rng-device'],
    ['device', 'virtio-serial-device'],
    ['chardev', 'null,id=nobody'],
    ['device', 'virtconsole,chardev=nobody'],
    ['chardev', `socket,id=shell,path=${join(folder, 'shell')},server=on,wait=off`],
    ['device', 'virtconsole,chardev=shell'],
    ['device', 'qemu-xhci'],
    // It has LEDs. On the bus of the others, which is the older kind, the kernel takes no keyboard.
    ['device', 'virtio-keyboard-pci'],
    ...(serial === undefined
      ? []
      : ([
          ['chardev', `serial,id=meter,path=${serial}`],
          ['device', 'usb-serial,chardev=meter,serial=METER1'],
        ] as const)),
    ...(disk === undefined
      ? []
      : ([
          ['drive', `if=none,id=disk,file=${disk},format=raw,readonly=on`],
          ['device', 'virtio-blk-device,drive=disk'],
        ] as const)),
  ];
  return [
    ...`${machines[arch].machine} -smp 2 -m 512M -nographic -no-reboot`.split(' '),
    ...options.flatMap(([name, value]) => [`-${name}`, value]),
  ];
}

export function tool(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
