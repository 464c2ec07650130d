import { EventEmitter } from 'node:events';
import { extname, join } from 'node:path';
import { Piscina } from 'piscina';
import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import { codeCache } from '../lib/code-cache.ts';
import { tell } from '../observability/channels.ts';
import type { Reply, Task, ThreadData } from './task.ts';

/** The file that each thread runs: beside this one, as source or as compiled. */
const filename = join(import.meta.dirname, `decode-worker${extname(import.meta.filename)}`);

/** How a task ended when no thread could answer it: the thread died under it, or it took too long. */
export type Failure = { readonly is: 'crashed' | 'hung'; readonly detail: string };

/** Bound of a thread's nursery. It grows under load only; with 4 MB half of what is in work became old (decision 0132). */
const youngMb = 24;

export interface DecodePoolOptions {
  readonly threads: number;
  readonly heapMb: number;
  readonly deadlineMs: number;
  readonly data: ThreadData;
}

export interface RunOptions {
  readonly transfer?: readonly ArrayBuffer[];
  /** Where the thread is in the task: -1 before it began. A thread that stays where it is for a deadline hangs. */
  readonly position: () => number;
}

/** Threads that answer tasks. A thread that dies or hangs is replaced; the task comes back as a value, never a throw. */
export interface DecodePool extends AsyncDisposable {
  run(task: Task, options: RunOptions): Promise<Reply | Failure>;
  readonly replaced: number;
}

export function openDecodePool(options: DecodePoolOptions, log: Logger): DecodePool {
  let replaced = 0;
  let closing = false;
  const start = (): Piscina<Task, Reply> => {
    const started = new Piscina<Task, Reply>({
      filename,
      name: 'runTask',
      minThreads: options.threads,
      maxThreads: options.threads,
      idleTimeout: Infinity,
      recordTiming: false,
      // A thread that sleeps in its event loop costs one call to wake, one in Atomics.wait two.
      atomics: 'disabled',
      env: codeCache(),
      workerData: options.data,
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb, maxYoungGenerationSizeMb: youngMb },
    });
    // A thread that dies between two tasks: the next task finds its replacement.
    started.on('error', (err) => log.warn({ err }, 'a decode thread ended between two tasks'));
    return started;
  };
  let pool = start();
  const watch = hangWatch(options.deadlineMs);

  const run = async (task: Task, { transfer = [], position }: RunOptions): Promise<Reply | Failure> => {
    if (closing) throw new PortcullisError('STORE_CLOSED', 'The gateway is closing; nothing more is taken in.');
    const watched = watch.begin(position);
    const used = pool;
    try {
      return await used.run(task, { transferList: [...transfer], signal: watched.signal });
    } catch (error) {
      if (closing) throw new PortcullisError('STORE_CLOSED', 'The gateway closed while it decoded.', { cause: error });
      replaced += 1;
      tell('retried', { stage: 'preprocess', reason: 'decode-thread' });
      const is = watched.hangs ? 'hung' : 'crashed';
      log.warn({ err: error, is }, 'a decode thread was replaced');
      // Piscina starts no more threads after one has died while it started.
      if (used === pool && used.threads.length === 0) {
        pool = start();
        await used.destroy();
      }
      return { is, detail: error instanceof Error ? error.message.slice(0, 256) : String(error) };
    } finally {
      watch.end(watched);
    }
  };

  return {
    run,
    get replaced() {
      return replaced;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await pool.destroy();
    },
  };
}

/** A thread may need this long to start, load its plugins and reach a task that waits behind another. */
const startMs = 60_000;

/** A task in a thread. Its signal is an emitter, which Piscina takes for one and which costs a tenth of an AbortController. */
interface Watched {
  readonly signal: EventEmitter;
  readonly position: () => number;
  last: number | undefined;
  seen: number;
  hangs: boolean;
}

interface HangWatch {
  begin(position: () => number): Watched;
  end(watched: Watched): void;
}

/** Looks at all tasks at once, every deadline while there are some, and aborts those that stay where they are. */
function hangWatch(everyMs: number): HangWatch {
  const tasks = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    for (const task of tasks) {
      const now = task.position();
      task.hangs = now === task.last && (now >= 0 || task.seen * everyMs >= startMs);
      task.last = now;
      task.seen += 1;
      if (task.hangs) task.signal.emit('abort');
    }
    if (tasks.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    begin(position) {
      const task = { signal: new EventEmitter(), position, last: undefined, seen: 0, hangs: false };
      tasks.add(task);
      // It outlives a short pause: a timer for each batch costs more than one look at nothing.
      timer ??= setInterval(look, everyMs).unref();
      return task;
    },
    end: (task) => void tasks.delete(task),
  };
}
