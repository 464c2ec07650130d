import { lost } from './link.ts';
import { session } from './session.ts';

/** What the gateway refused, in its own words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  constructor(sentence: string, status: number) {
    super(sentence);
    this.status = status;
  }
}

interface Question {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it is. */
  readonly file?: { readonly type: string; readonly content: Blob | string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How long the answer may take; 20 seconds where nothing is said. */
  readonly answerMs?: number;
}

const usualMs = 20_000;
const loginPath = '/api/v1/login';

/** Asks the API. Rejects with a sentence that says what to do: of the gateway when it refused, else that it does not answer. */
export async function ask<Result>(path: string, question: Question = {}): Promise<Result> {
  const { method = 'GET' } = question;
  const answer = await send(path, question);
  const type = answer.headers.get('content-type') ?? '';
  if (answer.ok && /gzip|octet-stream/.test(type)) return (await answer.blob()) as Result;
  const text = await answer.text();
  const isJson = /json\b/.test(type);
  if (answer.ok) return (isJson ? JSON.parse(text) : text) as Result;
  const { detail, title } = (isJson ? JSON.parse(text) : {}) as { detail?: string; title?: string };
  if (answer.status === 401) {
    if (method !== 'GET' && !session.isSignedIn() && path !== loginPath) {
      throw new Refused('Sign in first: this changes something.', 401);
    }
    if (path !== loginPath) await session.load().catch(() => undefined);
  }
  throw new Refused(detail || title || `The gateway answered ${answer.status}. Try again.`, answer.status);
}

async function send(
  path: string,
  { method = 'GET', body, file, headers, signal, answerMs = usualMs }: Question,
): Promise<Response> {
  const tooLate = AbortSignal.timeout(answerMs);
  try {
    return await fetch(path, {
      method,
      headers: { ...typeOf(body, file), ...session.headers(method !== 'GET'), ...headers },
      body: body ? JSON.stringify(body) : (file?.content ?? null),
      signal: signal ? AbortSignal.any([signal, tooLate]) : tooLate,
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    lost();
    throw new Error(
      'The gateway does not answer. Nothing was changed that it did not confirm. Try again when it is back.',
      { cause: error },
    );
  }
}

function typeOf(body: object | undefined, file: Question['file']): Record<string, string> {
  if (body) return { 'content-type': 'application/json' };
  return file ? { 'content-type': file.type } : {};
}
