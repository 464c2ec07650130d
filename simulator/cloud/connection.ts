import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { answerMock, isLoopback, isMockPath } from './mock-api.ts';
import { envelope, fail } from './reply.ts';
import type { Reply } from './reply.ts';
import type { SignedRequest } from './signature.ts';
import type { CloudState } from './state.ts';

/** Room for 499 reports; a single report is held to the vendor's 64 KB. */
const maxBatchBytes = 512 * 1024;
const maxBodyBytes = 64 * 1024;

/**
 * The body, or undefined when it is too large. The rest of a large body is read and forgotten, so that the client gets
 * its answer; one that goes on far beyond the limit is cut off.
 */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > 16 * limit) return undefined;
    if (size <= limit) chunks.push(chunk);
  }
  return size <= limit ? Buffer.concat(chunks) : undefined;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const sendReply = (response: ServerResponse, reply: Reply, now: number): void =>
  send(response, 200, 'application/json;charset=UTF-8', envelope(reply, now));

/** Resolves when the client is gone or the cloud closes. */
const gone = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

interface Exchange {
  readonly request: SignedRequest;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly act: () => Promise<Reply>;
  readonly state: CloudState;
}

type FaultAct = (exchange: Exchange, fault: Fault) => Promise<void> | void;

const answerWell = async ({ act, response, state }: Exchange): Promise<void> =>
  sendReply(response, await act(), state.clock.wallMs());

/** What each kind of fault does instead of, before or after the answer. */
const faultActs: Readonly<Record<Fault['kind'], FaultAct>> = {
  refuse: ({ response }) => void response.destroy(),
  'half-open': ({ signal }) => gone(signal),
  'lost-answer': async ({ act, response }) => {
    await act();
    response.destroy();
  },
  '5xx': ({ response }, { status }) => send(response, status, 'text/plain', 'injected failure'),
  '429': ({ response }) => send(response, 429, 'text/plain', 'injected failure'),
  slow: async (exchange, { delayMs }) => {
    await sleep(delayMs, undefined, { signal: exchange.signal }).catch(() => undefined);
    await answerWell(exchange);
  },
  'token-expiry': async (exchange) => {
    exchange.state.tokens.expire();
    await answerWell(exchange);
  },
  code: ({ response, state }, { code }) => sendReply(response, { code }, state.clock.wallMs()),
};

async function answerMockRequest(request: IncomingMessage, response: ServerResponse, state: CloudState): Promise<void> {
  if (!isLoopback(request.socket.remoteAddress)) {
    send(response, 403, 'text/plain', 'only from this machine');
    return;
  }
  const body = await readBody(request, maxBodyBytes);
  if (!body) {
    send(response, 413, 'text/plain', 'too large');
    return;
  }
  const [path = '', search = ''] = (request.url ?? '').split('?', 2);
  const query = new URLSearchParams(search);
  const answer = answerMock({ method: request.method ?? 'GET', path, query, body: body.toString() }, state);
  send(response, answer.status, 'application/json', `${JSON.stringify(answer.body)}\n`);
}

/** Turns HTTP exchanges into calls. A fault of this cloud itself becomes HTTP 500 and a line on standard error. */
export function connectionHandler(
  state: CloudState,
  answer: (request: SignedRequest, signal: AbortSignal) => Promise<Reply>,
  closing: AbortSignal,
) {
  const exchange = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = request.url ?? '/';
    if (isMockPath(target)) {
      await answerMockRequest(request, response, state);
      return;
    }
    const body = await readBody(request, target.includes('/devices/batch/') ? maxBatchBytes : maxBodyBytes);
    if (!body) {
      sendReply(response, fail(1109), state.clock.wallMs());
      return;
    }
    const clientGone = new AbortController();
    response.once('close', () => clientGone.abort());
    const signal = AbortSignal.any([clientGone.signal, closing]);
    const signed = { method: request.method ?? 'GET', target, headers: request.headers, body };
    const turn: Exchange = { request: signed, response, signal, act: () => answer(signed, signal), state };
    const fault = state.faults.take(target.split('?', 1)[0] ?? '', state.clock.monoMs());
    await (fault ? faultActs[fault.kind](turn, fault) : answerWell(turn));
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    exchange(request, response).catch((error: NodeJS.ErrnoException) => {
      if (request.destroyed && error.code === 'ECONNRESET') return;
      console.error('local cloud:', error);
      if (!response.headersSent) send(response, 500, 'text/plain', 'internal error');
    });
  };
}
