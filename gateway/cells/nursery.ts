import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { extname, join } from 'node:path';
import { Duplex } from 'node:stream';
import { codeCache } from '../lib/code-cache.ts';
import { launchCommand, type Launch, type LaunchedCell } from './launch.ts';
import type { NurseryNews, NurseryOrder } from './nursery-process.ts';
import { childOf } from './shell.ts';

/**
 * A small process that starts the processes of cells. Forking the gateway itself copies its page tables, and nothing of
 * it runs meanwhile: 50 ms with 400 MB. Begun at the first launch, and again after its end, which is the end of its cells.
 */
export interface Nursery extends AsyncDisposable {
  readonly launch: Launch;
}

const program = join(import.meta.dirname, `nursery-process${extname(import.meta.filename)}`);
const small = ['--max-old-space-size=16', '--max-semi-space-size=1', '--v8-pool-size=1', '--disable-sigusr1'];

interface Waiting {
  readonly started: (cell: LaunchedCell) => void;
  readonly ended: (how: string) => void;
  readonly how: Promise<string>;
  readonly forks: boolean;
}

export function openNursery(): Nursery {
  const cells = new Map<number, Waiting>();
  let child: ChildProcess | undefined;
  let lastId = 0;

  const hear = (own: ChildProcess, news: NurseryNews, socket: unknown): void => {
    const cell = cells.get(news.id);
    if (news.is === 'ended') cell?.ended(news.how);
    if (news.is === 'ended') cells.delete(news.id);
    else if (cell !== undefined && socket !== undefined) {
      const { id, pid } = news;
      cell.started({
        socket: socket as Socket,
        pid: () => (cells.has(id) ? (cell.forks ? childOf(pid) : pid) : undefined),
        kill: () => order(own, { is: 'kill', id }),
        ended: cell.how,
      });
    }
  };
  const begin = (): ChildProcess => {
    const own = fork(program, [], {
      env: codeCache(),
      cwd: '/',
      execArgv: small,
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
    });
    own.on('message', (news, socket) => hear(own, news as NurseryNews, socket));
    own.on('error', () => undefined);
    own.on('exit', () => {
      if (child === own) child = undefined;
      for (const cell of cells.values()) cell.ended('the process that started it ended');
      cells.clear();
    });
    return own;
  };

  return {
    launch: async (plan, confinement, gently = false) => {
      child ??= begin();
      const id = (lastId += 1);
      const { promise, resolve } = Promise.withResolvers<LaunchedCell>();
      const { promise: how, resolve: ended } = Promise.withResolvers<string>();
      const forks = confinement?.forks === true;
      cells.set(id, { started: resolve, ended, how, forks });
      order(child, { is: 'start', id, args: launchCommand(plan, confinement), forks, gently });
      // A nursery that ends first has no socket to give.
      const launched = await Promise.race([promise, how]);
      return typeof launched === 'string' ? notLaunched(launched) : launched;
    },
    async [Symbol.asyncDispose]() {
      const ending = child;
      child = undefined;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const exit = once(ending, 'exit');
      ending.disconnect();
      await exit;
    },
  };
}

function order(child: ChildProcess, what: NurseryOrder): void {
  if (child.connected) child.send(what, () => undefined);
}

/** What there is of a cell whose start failed: its end. */
function notLaunched(how: string): LaunchedCell {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  return { socket, pid: () => undefined, kill: () => undefined, ended: Promise.resolve(how) };
}
