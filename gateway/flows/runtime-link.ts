import type { Socket } from 'node:net';
import { PortcullisError } from '../../contracts/errors.ts';
import { bytePacer } from '../lib/byte-pacer.ts';
import { lineReader } from '../lib/lines.ts';
import { tell } from '../observability/channels.ts';
import type { FlowsDeps } from './ports.ts';
import { askShapes, fromRuntimeSchema, limits, type AskName, type FromRuntime, type ToRuntime } from './wire.ts';

/** The conversation with one life of Node-RED. */
export interface RuntimeLink {
  send(message: ToRuntime): void;
  /** Left out, counted, when Node-RED does not read what it has. */
  offer(message: ToRuntime): void;
  /** Resolves with the reason when it is over. */
  readonly closed: Promise<{ readonly why: string; readonly by: 'us' | 'it' }>;
  close(why: string): void;
}

export interface LinkEars {
  /** Answers what Node-RED asks; `input` fits the schema of its name. Rejects with what is told to the flow. */
  answer(ask: AskName, input: unknown): Promise<unknown>;
  hear(said: Exclude<FromRuntime, { is: 'ask' }>): void;
}

/** What Node-RED says is read, checked and stored by the gateway's own threads: a flow that says much is read less. */
const bytesPerSecond = 2 * 1024 * 1024;
/** A message costs as much as so many bytes, however short it is. */
const bytesPerMessage = 4_096;
const maxPendingAsks = 64;
const unreadBytes = 1024 * 1024;
const longestPauseMs = 1_000;

export function linkRuntime(
  socket: Socket,
  ears: LinkEars,
  { clock, log }: Pick<FlowsDeps, 'clock' | 'log'>,
): RuntimeLink {
  const lines = lineReader(limits.lineBytes);
  const waitFor = bytePacer(bytesPerSecond, clock);
  const { promise: closed, resolve } = Promise.withResolvers<Awaited<RuntimeLink['closed']>>();
  let pending = 0;
  let resumeAt = 0;
  let timer: NodeJS.Timeout | undefined;

  const close = (why: string, by: 'us' | 'it' = 'us'): void => {
    resolve({ why, by });
    clearTimeout(timer);
    socket.destroy();
  };
  const send = (message: ToRuntime): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
  };
  /** Reads on when the pace allows it and no more answers are owed than may be. */
  const readOn = (): void => {
    clearTimeout(timer);
    const waitMs = resumeAt - clock.monoMs();
    if (pending >= maxPendingAsks || waitMs > 0) {
      socket.pause();
      if (waitMs > 0) timer = setTimeout(readOn, Math.min(waitMs, longestPauseMs));
    } else socket.resume();
  };
  const answer = async ({ id, ask, with: given }: Extract<FromRuntime, { is: 'ask' }>): Promise<void> => {
    pending += 1;
    try {
      const input = askShapes[ask].safeParse(given);
      if (!input.success) throw new PortcullisError('COMMAND_INVALID', sentenceOf(ask, input.error.issues[0]));
      send({ is: 'answer', id, value: (await ears.answer(ask, input.data)) ?? null });
    } catch (error) {
      const isOurs = error instanceof PortcullisError;
      if (!isOurs) log.error({ err: error, ask }, 'an ask of the flows failed');
      const detail = isOurs ? error.message : 'The gateway failed; its log says why.';
      send({ is: 'refusal', id, code: isOurs ? error.code : 'INTERNAL', detail });
    } finally {
      pending -= 1;
      readOn();
    }
  };
  const hear = (line: string): void => {
    const said = fromRuntimeSchema.safeParse(jsonIn(line));
    if (!said.success) return close(`it said what it never says (${sentenceOf('', said.error.issues[0])})`);
    if (said.data.is === 'ask') void answer(said.data);
    else ears.hear(said.data);
  };

  socket.on('data', (chunk: Buffer) => {
    const read = lines.push(chunk);
    if (read === undefined) return close('it said more than fits into one line');
    for (const line of read) hear(line);
    resumeAt = clock.monoMs() + waitFor(chunk.length + read.length * bytesPerMessage);
    readOn();
  });
  socket.on('close', () => close('it ended the conversation', 'it'));
  socket.resume();
  return {
    send,
    offer(message) {
      if (socket.writableLength <= unreadBytes) send(message);
      else tell('dropped', { stage: 'flows', reason: 'unread', count: 1 });
    },
    closed,
    close,
  };
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function sentenceOf(ask: string, issue: { path: PropertyKey[]; message: string } | undefined): string {
  return [ask, issue?.path.join('.'), issue?.message ?? 'is wrong'].filter(Boolean).join(': ');
}
