import { Agent, request } from 'undici';
import { endpointLookup } from './address-guard.ts';

export interface WireOptions {
  /** PEM text of the authority that signed the endpoint's certificate; the system's authorities without it. */
  readonly ca?: string;
  /** Connections kept open at most. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** From the request until its answer's headers, and between two pieces of its body. */
  readonly answerTimeoutMs: number;
}

export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** In place of `answerTimeoutMs`. */
  readonly answerWithinMs?: number | undefined;
}

export interface WireAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** HTTPS to one endpoint. Disposing ends all connections at once. */
export interface Wire extends AsyncDisposable {
  /** Rejects when there is no answer, with the code of socket, TLS or HTTP client. */
  exchange(wish: WireRequest, signal: AbortSignal): Promise<WireAnswer>;
}

const maxAnswerBytes = 1_048_576;

/** TLS is always verified, redirects are not followed, answers are bounded in time and size. */
export function openWire(endpoint: URL, options: WireOptions): Wire {
  const agent = new Agent({
    connections: options.connections,
    headersTimeout: options.answerTimeoutMs,
    bodyTimeout: options.answerTimeoutMs,
    keepAliveTimeout: 30_000,
    maxResponseSize: maxAnswerBytes,
    allowH2: false,
    connect: {
      rejectUnauthorized: true,
      timeout: options.connectTimeoutMs,
      lookup: endpointLookup(endpoint),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    },
  });
  let closed: Promise<void> | undefined;
  return {
    exchange: async ({ method, target, headers, body, answerWithinMs }, signal) => {
      const url = new URL(target, endpoint);
      const wish = {
        dispatcher: agent,
        method,
        headers: { ...headers },
        body: body === '' ? null : body,
        signal,
        ...(answerWithinMs !== undefined && { headersTimeout: answerWithinMs }),
      };
      const answer = await request(url, wish);
      const retryAfter = [answer.headers['retry-after']].flat()[0];
      return { status: answer.statusCode, retryAfter, text: await answer.body.text() };
    },
    [Symbol.asyncDispose]: () => (closed ??= agent.destroy()),
  };
}
