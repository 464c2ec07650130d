import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { dirname, extname, join, sep } from 'node:path';
import { usageOf } from '../lib/process-usage.ts';
import { secretName, socketName } from './listen-door.ts';
import { times, type FlowsOptions } from './options.ts';

/** A process of Node-RED, watched for its memory until it ends. */
export interface Runner {
  /** Resolves with how it ended, in words; never rejects. */
  readonly ended: Promise<string>;
  /** Ends it for a reason that is then told as its end. */
  kill(why: string): void;
}

const here = import.meta.dirname;
const product = join(here, '../..');
const program = join(here, 'runtime', `main${extname(import.meta.filename)}`);
const linux = process.platform === 'linux';
/** The gateway comes first where both want the processor. */
const politeness = 10;
const keptChars = 2_000;

/**
 * Nothing in its environment, no file but the program's, no child process, no worker, no native module: what is off
 * is off for code that escapes a function node as well. It ends with the gateway, even in an endless loop.
 */
const confine = `ulimit -c 0; unset PWD OLDPWD
command -v setpriv >/dev/null && exec setpriv --pdeathsig KILL --no-new-privs "$@"
exec "$@"`;

/** Flags of Node, which the unit of systemd has as well. */
export function nodeFlags({ folder, filesFolder, memoryBytes, allow }: FlowsOptions): readonly string[] {
  const readable = [...programFolders(), join(folder, secretName)];
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...(allow.includes('files') ? [`--allow-fs-read=${filesFolder}`, `--allow-fs-write=${filesFolder}`] : []),
    ...(allow.includes('exec') ? ['--allow-child-process'] : []),
    '--disable-sigusr1',
    '--no-addons',
    '--no-warnings',
    `--max-old-space-size=${Math.floor((memoryBytes * 0.6) / 1_048_576)}`,
    '--max-semi-space-size=2',
    '--v8-pool-size=1',
  ];
}

/** What the program consists of; Node follows a link only where it may read it. */
function programFolders(): readonly string[] {
  const modules = dirname(dirname(createRequire(import.meta.url).resolve('node-red/package.json')));
  const linked = join(product, 'node_modules');
  const isLink = lstatSync(linked, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return [
    `${realpathSync(modules)}${sep}`,
    ...(isLink ? [linked] : []),
    here,
    join(product, 'gateway/lib'),
    join(product, 'package.json'),
  ];
}

export function launchRunner(options: FlowsOptions): Runner {
  const command = [process.execPath, ...nodeFlags(options), program, join(options.folder, socketName)];
  const child = spawn('/bin/sh', ['-c', confine, 'sh', ...command], {
    env: {},
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let why: string | undefined;
  const kill = (reason: string): void => {
    why ??= reason;
    child.kill('SIGKILL');
  };
  const said = lastWords(child);
  makePolite(child.pid);
  const watch = watchMemory(child.pid, options.memoryBytes, kill);
  const ended = howItEnded(child).then((how) => {
    watch[Symbol.dispose]();
    return why ?? (said() === '' ? how : `${how}: ${said()}`);
  });
  return { ended, kill };
}

function makePolite(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, politeness);
  } catch {
    // It is gone already, and says so by its end.
  }
}

/** Memory that it shares with nobody; where the kernel does not tell, the limit of V8 alone holds. */
function watchMemory(pid: number | undefined, most: number, onExcess: (why: string) => void): Disposable {
  const timer = setInterval(() => {
    if (pid === undefined || !linux) return;
    void usageOf(pid).then((usage) => {
      if (usage !== undefined && usage.ownBytes > most) {
        onExcess(`it used more than ${Math.floor(most / 1_048_576)} MB of memory (flows.memoryMb)`);
      }
    });
  }, times.lookMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** What it printed last, on one line. */
function lastWords({ stderr }: ChildProcess): () => string {
  let text = '';
  stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-keptChars);
  });
  return () => /^(?:FATAL ERROR:|\w*Error:).*$/m.exec(text)?.[0] ?? text.trim().split('\n').at(-1)?.slice(0, 256) ?? '';
}

async function howItEnded(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return `the process ended with ${signal ?? `exit code ${code}`}`;
  } catch {
    return 'the process could not be started';
  }
}
