import type { Duplex } from 'node:stream';
import { tell } from '../observability/channels.ts';
import { startHandleLink, type HandleLink } from './handles/handle-link.ts';
import type { HandleCode } from './handles/told.ts';
import { launchHere } from './launch.ts';
import { lineReader } from '../lib/lines.ts';
import { bytePacer } from '../lib/byte-pacer.ts';
import type { CellDeps, CellPlan } from './options.ts';
import { rateMeter } from './rate-meter.ts';
import { readFromCell } from './read-from-cell.ts';
import { redaction } from './redaction.ts';
import { watchProcess } from './watchdog.ts';
import type { FromCell, ToCell, WireAnswer, WireCall } from './wire.ts';

/** Why a process was ended. `broken`: what it said breaks the schema or its limits (PC-R204). */
export interface Ending {
  readonly is: 'crashed' | 'hung' | 'broken';
  readonly detail: string;
  /** Code of what it did beyond its contract; undefined for an end that may come to every program. */
  readonly violates?: string | undefined;
}

export type CallResult = WireAnswer | Ending;

/** A started process and the conversation with it: every line is bounded, counted, read and understood here. */
export interface CellProcess {
  /** 0 when there is none. */
  pid(): number;
  /** Sends an order and gives what the process says next that is no answer to a call. */
  order(order: ToCell): Promise<FromCell | Ending>;
  /** Never rejects. One call at a time. */
  call(call: WireCall): Promise<CallResult>;
  /** The way of handles: closed until it is begun. */
  readonly handles: HandleLink;
  /** Kills it; the first reason is the one that counts. */
  end(why: Ending): void;
  /** Resolves when the process is gone. */
  readonly ended: Promise<Ending>;
}

/** No call has this number: its answer is there and is only held back. */
const answered = -1;

interface Pending {
  readonly id: number;
  readonly resolve: (result: CallResult) => void;
  readonly timer: NodeJS.Timeout;
}

/** Well below the deadline of a call, whose answer waits behind the ask. */
const longestPauseMs = 500;

export async function startProcess(plan: CellPlan, deps: CellDeps, gently: boolean): Promise<CellProcess> {
  const { limits } = plan;
  const { launch = launchHere } = deps;
  const { socket, ...launched } = await launch(plan, deps.confinement, gently);
  let listener: ((said: FromCell | Ending) => void) | undefined;
  let pending: Pending | undefined;
  let cause: Ending | undefined;
  let lastId = 0;
  const waitFor = bytePacer(limits.bytesPerSecond, deps.clock);

  const end = (why: Ending): void => {
    cause ??= why;
    launched.kill();
  };
  const settle = (result: CallResult): void => {
    const done = pending;
    pending = undefined;
    clearTimeout(done?.timer);
    done?.resolve(result);
  };
  const { breach, onExcess, onRefused } = violations(limits, end);
  const secrets = redaction(plan.handles?.secrets.values() ?? []);
  const hear = (line: string): void => {
    const read = readFromCell(line);
    if ('wrong' in read) return breach(`a message breaks its schema: ${secrets.text(read.wrong)}`);
    const { message } = read;
    if (message.is === 'ask') {
      pause(socket, waitFor(line.length));
      return handles.take(message);
    }
    if (message.is === 'start-failed') return end({ is: 'crashed', detail: 'its start failed' });
    if (message.is === 'answer') {
      if (message.id !== pending?.id) return breach('an answer that nobody waits for');
      const waitMs = waitFor(line.length);
      const answer = secrets.answer(message.answer);
      if (waitMs === 0) return settle(answer);
      clearTimeout(pending.timer);
      pending = { ...pending, id: answered, timer: setTimeout(() => settle(answer), waitMs) };
      return;
    }
    if (listener === undefined) return breach('a message out of turn');
    listener(message);
    listener = undefined;
  };
  listenTo(socket, plan, deps, { hear: (line) => cause ?? hear(line), breach: (detail) => cause ?? breach(detail) });
  const send = (message: ToCell): void => void socket.write(`${JSON.stringify(message)}\n`);
  const unsentBytes = (): number => socket.writableLength;
  const onDeaf = (): void => breach('it asks and does not read the answers');
  const handles = startHandleLink({ ...deps, ...limits, send, unsentBytes, onDeaf, onRefused });

  const watch = watchProcess(() => launched.pid(), limits, { clock: deps.clock, onExcess });
  const ended = launched.ended.then((detail) => {
    cause ??= { is: 'crashed', detail };
    watch[Symbol.dispose]();
    void handles[Symbol.asyncDispose]();
    socket.destroy();
    settle(cause);
    listener?.(cause);
    return cause;
  });

  return {
    pid: () => launched.pid() ?? 0,
    end,
    ended,
    handles,
    order: (order) =>
      new Promise((resolve) => {
        if (cause !== undefined) return resolve(cause);
        listener = resolve;
        send(order);
      }),
    call: (call) =>
      new Promise((resolve) => {
        if (cause !== undefined) return resolve(cause);
        const id = (lastId += 1);
        const hung: Ending = { is: 'hung', detail: `no answer within ${limits.callMs} ms` };
        // An answer that came while this thread stood still is read between a timer and an immediate.
        const late = (): void => void setImmediate(() => id === pending?.id && end(hung));
        pending = { id, resolve, timer: setTimeout(late, limits.callMs) };
        send({ is: 'call', id, call });
      }),
  };
}

/** What counts as an act beyond the contract, and how the process ends for it. */
function violations({ onViolation }: CellPlan['limits'], end: (why: Ending) => void) {
  const counted = (why: Ending & { readonly violates: string }): void => {
    tell('rejected', { stage: 'cells', reason: why.violates, count: 1 });
    end(why);
  };
  return {
    breach: (detail: string): void => counted({ is: 'broken', detail, violates: 'PC-R204' }),
    onExcess: (detail: string): void => counted({ is: 'crashed', detail, violates: 'PC-R212' }),
    /** What was refused did no harm, and is counted with the handles: only a contract that wants it so ends the process. */
    onRefused: (code: HandleCode): void => {
      if (onViolation === 'report' || !isWish(code)) return;
      end({ is: 'crashed', detail: 'it asked a handle for what its contract does not grant', violates: code });
    },
  };
}

/** A refusal that says something about the plugin, and not about a device or a transport. */
function isWish(code: HandleCode): boolean {
  return code === 'PC-R207' || code === 'PC-R208' || code === 'PC-R209';
}

/** A cell that asks much is read less: what it says is parsed in the gateway's own thread. */
function pause(socket: Duplex, ms: number): void {
  if (ms === 0 || socket.isPaused()) return;
  socket.pause();
  setTimeout(() => socket.resume(), Math.min(ms, longestPauseMs));
}

interface Ears {
  readonly hear: (line: string) => void;
  readonly breach: (detail: string) => void;
}

function listenTo(socket: Duplex, { limits }: CellPlan, deps: CellDeps, { hear, breach }: Ears): void {
  const lines = lineReader(limits.messageBytes);
  const withinRate = rateMeter(limits.messagesPerSecond, deps.clock);
  socket.on('data', (chunk: Buffer) => {
    const read = lines.push(chunk);
    if (read === undefined) return breach('a message is longer than its contract grants');
    if (!withinRate(read.length)) return breach('more messages per second than its contract grants');
    for (const line of read) hear(line);
  });
  // The end of the process is what counts; a broken pipe only announces it.
  socket.on('error', () => undefined);
}
