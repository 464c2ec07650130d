import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../harness/wait-until.ts';

/** A root shell of the machine: systemd's debug shell on a console of its own; the image has nothing of it. */
export interface GuestShell extends Disposable {
  /** Runs shell text and gives back what it printed; throws with that when it fails. */
  run(text: string): Promise<string>;
}

/** A terminal takes lines of at most 4,095 characters. */
const maxLine = 3_000;

/** Connects to the console (a socket of QEMU's) and waits until a shell answers there. */
export async function openGuestShell(path: string, patienceMs: number): Promise<GuestShell> {
  const socket = await reach(path, patienceMs);
  let said = '';
  socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
  socket.on('error', () => undefined);
  // What is typed before the shell has opened its terminal is lost, so it is asked again. `sh` has no line editor that echoes.
  await waitUntil(
    'the shell of the machine',
    async () => {
      socket.write("exec sh\nstty -echo; PS1=''; PS2=''; echo shell''-is-there\n");
      await sleep(2_000);
      return said.includes('shell-is-there');
    },
    patienceMs,
  );
  let count = 0;
  const run = async (text: string): Promise<string> => {
    const mark = `done-${++count}`;
    const from = said.length;
    const script = `${text}\n`;
    if (script.split('\n').some((line) => line.length > maxLine)) throw new Error('a line is too long for a terminal');
    socket.write(`( set -e\n${script}) 2>&1 </dev/null; echo ${mark.replace('-', "''-")}:$?:\n`);
    let end: RegExpExecArray | null = null;
    await waitUntil(
      `the machine to run: ${text}`,
      () => (end = new RegExp(`${mark}:(\\d+):`).exec(said.slice(from))) !== null || socket.destroyed,
      patienceMs,
    );
    const [, status] = end ?? [];
    const printed = said
      .slice(from, end === null ? undefined : from + (end as RegExpExecArray).index)
      .replaceAll('\r', '');
    if (status !== '0') throw new Error(`${text}\nended with ${status ?? 'the power'}:\n${printed}`);
    return printed.trim();
  };
  // What the greetings above still print comes before this.
  await run(':');
  return { run, [Symbol.dispose]: () => socket.destroy() };
}

async function reach(path: string, patienceMs: number): Promise<Socket> {
  let socket: Socket | undefined;
  await waitUntil(
    'the console of the machine',
    () =>
      new Promise<boolean>((resolve) => {
        const trying = connect(path, () => ((socket = trying), resolve(true)));
        trying.once('error', () => resolve(false));
      }),
    patienceMs,
  );
  if (socket === undefined) throw new Error('no console');
  return socket;
}
