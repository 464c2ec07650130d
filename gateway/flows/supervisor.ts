import { tell } from '../observability/channels.ts';
import { launchRunner, type Runner } from './launch.ts';
import { listenDoor, type Door } from './listen-door.ts';
import { times, type FlowsOptions } from './options.ts';
import type { PageDialer } from './page-dialer.ts';
import type { FlowsDeps } from './ports.ts';
import { linkRuntime, type LinkEars, type RuntimeLink } from './runtime-link.ts';
import { mostEnds, nextState, restartBudget, type FlowsState } from './supervision.ts';
import type { Plan } from './wire.ts';

/** Keeps one process of Node-RED alive: replaces it when it ends, is silent or uses too much, and holds it when that happens too often. */
export interface Supervisor extends AsyncDisposable {
  readonly state: FlowsState;
  /** Why it waits or is held; empty while it runs. */
  readonly because: string;
  readonly link: RuntimeLink | undefined;
  /** Starts what is held or waits; does nothing else. */
  begin(): void;
}

export interface SupervisorDeps extends Pick<FlowsDeps, 'clock' | 'log'> {
  readonly plan: Plan;
  readonly pages: PageDialer;
  /** What one life of Node-RED is answered by, from its first word to its end. */
  seat(link: () => RuntimeLink): LinkEars & Disposable;
}

interface Life {
  /** Ends it; the first reason is the one that counts. */
  end(why: string): void;
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

export function superviseFlows(options: FlowsOptions, deps: SupervisorDeps): Supervisor {
  const { clock, log, pages, plan } = deps;
  const budget = restartBudget();
  let state: FlowsState = 'waiting';
  let because = '';
  let life: Life | undefined;
  let link: RuntimeLink | undefined;
  let timer: NodeJS.Timeout | undefined;
  let starting: Promise<void> = Promise.resolve();

  const lost = (why: string): void => {
    if (state === 'closed') return;
    because = why;
    const waitMs = budget.book(clock.monoMs());
    state = nextState(state, waitMs === undefined ? 'spent' : 'lost');
    if (waitMs === undefined) {
      const detail = `Node-RED ended ${mostEnds} times and is held: ${why}. No flow runs. Mend the flow or go back with "portcullis flows restore", then "portcullis flows start".`;
      tell('alarm', { code: 'flows-held', subject: 'flows', active: true, detail });
      return;
    }
    tell('retried', { stage: 'flows', reason: 'restart' });
    log.warn({ why, waitMs }, 'Node-RED ended and starts again');
    timer = setTimeout(begin, waitMs);
  };
  const joined = (): void => {
    state = nextState(state, 'joined');
    because = '';
    tell('alarm', { code: 'flows-held', subject: 'flows', active: false, detail: 'Node-RED runs.' });
  };
  const begin = (): void => {
    if (state !== 'waiting' && state !== 'held') return;
    clearTimeout(timer);
    if (state === 'held') budget.forget();
    state = nextState(state, 'due');
    starting = start().catch((error: unknown) => lost(error instanceof Error ? error.message : String(error)));
  };
  const start = async (): Promise<void> => {
    const own = await startLife(options, {
      ...deps,
      onLink: (next) => {
        link = next;
        pages.open((page) => next.send({ is: 'dial', page }));
        next.send({ is: 'welcome', plan });
      },
      onJoined: joined,
      onLost: (why) => {
        link = undefined;
        pages.close();
        life = undefined;
        lost(why);
      },
    });
    life = own;
  };

  return {
    get state() {
      return state;
    },
    get because() {
      return because;
    },
    get link() {
      return link;
    },
    begin,
    async [Symbol.asyncDispose]() {
      state = nextState(state, 'close');
      clearTimeout(timer);
      await starting;
      await life?.stop();
    },
  };
}

interface LifeDeps extends SupervisorDeps {
  onLink(link: RuntimeLink): void;
  onJoined(): void;
  onLost(why: string): void;
}

async function startLife(options: FlowsOptions, deps: LifeDeps): Promise<Life> {
  const { clock, log, pages } = deps;
  let link: RuntimeLink | undefined;
  let runner: Runner | undefined;
  let cause: string | undefined;
  let joining: NodeJS.Timeout | undefined;
  const { promise: over, resolve } = Promise.withResolvers<void>();

  const end = (why: string): void => {
    if (cause !== undefined) return;
    cause = why;
    clearTimeout(joining);
    pulse[Symbol.dispose]();
    void finish();
  };
  /** The socket goes first: in a unit of systemd its absence is what keeps the next process from starting. */
  const finish = async (): Promise<void> => {
    await door[Symbol.asyncDispose]();
    link?.close(cause ?? '');
    runner?.kill(cause ?? '');
    await runner?.ended;
    seat?.[Symbol.dispose]();
    deps.onLost(cause ?? '');
    resolve();
  };
  const seatOf = (): LinkEars & Disposable => {
    const ears = deps.seat(() => link as RuntimeLink);
    return {
      answer: (ask, input) => ears.answer(ask, input),
      hear(said) {
        if (said.is === 'pong') return pulse.felt();
        if (said.is === 'joined') {
          clearTimeout(joining);
          pulse.begin((): void => link?.send({ is: 'ping' }));
          deps.onJoined();
        }
        ears.hear(said);
      },
      [Symbol.dispose]: () => ears[Symbol.dispose](),
    };
  };
  let seat: (LinkEars & Disposable) | undefined;
  const pulse = feelPulse(() => end(`it did not answer for ${(2 * times.pingMs) / 1_000} s`));
  const door: Door = await listenDoor(options.folder, (hello, socket) => {
    if (hello.is === 'page') return pages.take(hello.page, socket);
    // One at a time: a second one that knows the secret is a copy of the first.
    if (link !== undefined || cause !== undefined) return void socket.destroy();
    seat = seatOf();
    link = linkRuntime(socket, seat, { clock, log });
    deps.onLink(link);
    void link.closed.then(({ why, by }) => (by === 'us' ? end(why) : soonEnded(runner).then((how) => end(how ?? why))));
  });
  joining = setTimeout(() => end(`it was not ready within ${times.joinMs / 1_000} s`), times.joinMs);
  if (options.process === 'child') {
    runner = launchRunner(options);
    void runner.ended.then(end);
  }
  return {
    end,
    over,
    async stop() {
      link?.send({ is: 'stop' });
      const timer = setTimeout(() => end('the gateway stops'), link === undefined ? 0 : times.stopMs);
      await over;
      clearTimeout(timer);
    },
  };
}

/** How the process itself ended says more than that its conversation did; it is known a moment later. */
async function soonEnded(runner: Runner | undefined): Promise<string | undefined> {
  if (runner === undefined) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, 1_000, undefined);
  const how = await Promise.race([runner.ended, promise]);
  clearTimeout(timer);
  return how;
}

/** Asks from time to time whether it lives. */
function feelPulse(onSilence: () => void) {
  let timer: NodeJS.Timeout | undefined;
  let missed = 0;
  return {
    begin(ask: () => void): void {
      clearInterval(timer);
      timer = setInterval(() => {
        missed += 1;
        if (missed > 2) onSilence();
        else ask();
      }, times.pingMs);
      timer.unref();
    },
    felt: (): void => {
      missed = 0;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
