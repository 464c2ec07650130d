import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import { PortcullisError } from '../../../contracts/errors.ts';
import { isLoopback, isMachinery, isPublic } from '../../lib/address-ranges.ts';
import { bareHost, guardedLookup } from '../../lib/guarded-lookup.ts';
import type { SendResult } from './channel.ts';

export interface HttpTargetOptions {
  readonly url: string;
  /** PEM text of the authority that signed the certificate, where that is not a public one. */
  readonly ca?: string | undefined;
  /** The name may point into a private network. An address that is written out is meant as it is. */
  readonly allowPrivate: boolean;
}

/** One HTTP target. Redirects are not followed, into private networks or elsewhere: a message goes where the operator wrote. */
export interface HttpTarget extends AsyncDisposable {
  readonly url: URL;
  post(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SendResult>;
}

const maxAnswerBytes = 65_536;
const answerWithinMs = 20_000;

/** Opens no connection yet. Throws CONFIG_INVALID for a target that nobody means. */
export function openHttpTarget({ url: text, ca, allowPrivate }: HttpTargetOptions): HttpTarget {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new PortcullisError('CONFIG_INVALID', 'A notification goes to an https:// address without credentials.');
  }
  const host = bareHost(url);
  const isLocal = host === 'localhost' || (isIP(host) !== 0 && !isPublic(host));
  if (isIP(host) !== 0 && isMachinery(host)) {
    throw new PortcullisError('CONFIG_INVALID', `Nobody takes notifications at ${host}.`);
  }
  if (url.protocol === 'http:' && !isLocal && !allowPrivate) {
    throw new PortcullisError('CONFIG_INVALID', `Write https:// for ${host}: it is not in a private network.`);
  }
  const isAllowed = (address: string): boolean => {
    if (isMachinery(address)) return false;
    return allowPrivate || isPublic(address) || (host === 'localhost' && isLoopback(address));
  };
  const agent = new Agent({
    connections: 1,
    headersTimeout: answerWithinMs,
    bodyTimeout: answerWithinMs,
    keepAliveTimeout: 10_000,
    maxResponseSize: maxAnswerBytes,
    allowH2: false,
    connect: { rejectUnauthorized: true, timeout: 10_000, lookup: guardedLookup(isAllowed), ...(ca && { ca }) },
  });
  let closed: Promise<void> | undefined;
  return {
    url,
    async post(body, headers, signal) {
      try {
        const answer = await request(url, { dispatcher: agent, method: 'POST', headers: { ...headers }, body, signal });
        await answer.body.dump({ limit: maxAnswerBytes, signal });
        return judged(answer.statusCode, [answer.headers['retry-after']].flat()[0]);
      } catch (error) {
        return { is: 'away', why: sentenceOf(error, host) };
      }
    },
    [Symbol.asyncDispose]: () => (closed ??= agent.destroy()),
  };
}

/** What the far side says to the same message again is no reason to send it again. */
const never: ReadonlySet<number> = new Set([400, 410, 413, 422]);
/** Of those below 500, what is said to the gateway and not to this message. */
const ofTheGateway: ReadonlySet<number> = new Set([401, 407, 408, 425, 429]);

function judged(status: number, retryAfter: string | undefined): SendResult {
  if (status >= 200 && status < 300) return { is: 'taken' };
  if (never.has(status)) return { is: 'refused', why: `The far side answered ${status}.` };
  if (status < 400) return { is: 'away', why: `The far side answered ${status}: redirects are not followed.` };
  const why = `The far side answered ${status}.`;
  if (status < 500 && !ofTheGateway.has(status)) return { is: 'later', why };
  const seconds = Number(retryAfter ?? 0);
  return { is: 'away', why, ...(seconds > 0 && { forMs: Math.min(seconds, 3_600) * 1_000 }) };
}

/** Only the code: the text of an error may hold the whole address. */
function sentenceOf(error: unknown, host: string): string {
  if (error instanceof PortcullisError) return error.message;
  const { code, name, cause } = error as { code?: string; name?: string; cause?: { code?: string } };
  return `${host} does not answer (${cause?.code ?? code ?? name ?? 'unknown error'}).`;
}
