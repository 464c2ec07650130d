import { z } from 'zod';
import type { Fence } from '../../../contracts/fence.ts';
import type { Clock } from '../../lib/clock.ts';
import { checkEndpoint } from '../address-guard.ts';
import { CloudClock } from './cloud-clock.ts';
import { oddAnswer, readAnswer, type Answer, type Refusal } from './envelope.ts';
import { classOfFault } from './error-classes.ts';
import { sign } from './signature.ts';
import { AccessToken, type TokenPair } from './token.ts';
import { openWire, type WireOptions } from '../wire.ts';

export interface ClientOptions extends WireOptions {
  readonly endpoint: string;
  readonly clientId: string;
  readonly secret: string;
  readonly fence?: Fence | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, percent-encoded. */
  readonly target: string;
  /** JSON text. */
  readonly payload?: string;
  /** Ids of the messages that the call carries, in order. */
  readonly keys?: readonly string[];
  /** How long its answer may take, where that is longer than for others: a long poll. */
  readonly answerWithinMs?: number;
}

/** Signed calls to the cloud over kept-alive connections. Disposing ends them at once. */
export interface TuyaClient extends AsyncDisposable {
  readonly clock: CloudClock;
  /** Logs in if need be; the refusal when that does not work. */
  login(signal: AbortSignal): Promise<Refusal | undefined>;
  /** Never rejects for what the far side does. Token and clock errors were cured once before they are returned. */
  call(call: Call, signal: AbortSignal): Promise<Answer>;
}

const tokenResult = z.object({
  access_token: z.string().min(1).max(4_096),
  refresh_token: z.string().min(1).max(4_096),
  expire_time: z.number().positive().max(31_536_000),
});

/** Carries a refusal out of the token's life cycle. */
class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

/** Rejects with CONFIG_INVALID for an endpoint that no cloud has; opens no connection yet. */
export function openTuyaClient(options: ClientOptions, wall: Clock): TuyaClient {
  const clock = new CloudClock(wall);
  const exchange = signedExchange(options, clock);

  const fetchToken = async (refreshToken: string | undefined): Promise<TokenPair> => {
    const target =
      refreshToken === undefined ? '/v1.0/token?grant_type=1' : `/v1.0/token/${encodeURIComponent(refreshToken)}`;
    const answer = await exchange({ method: 'GET', target }, '', AbortSignal.timeout(2 * options.answerTimeoutMs));
    if (!answer.ok) throw new Refused(answer);
    const result = tokenResult.safeParse(answer.result);
    if (!result.success) throw new Refused(oddAnswer('the token call has no token in its answer'));
    const { access_token: accessToken, refresh_token: next, expire_time: expireSeconds } = result.data;
    return { accessToken, refreshToken: next, expireSeconds };
  };

  const token = new AccessToken(fetchToken, wall);

  const currentToken = async (signal: AbortSignal): Promise<string | Refusal> => {
    try {
      return token.held ?? (await Promise.race([token.current(), aborted(signal)]));
    } catch (error) {
      if (error instanceof Refused) return error.refusal;
      throw error;
    }
  };

  return {
    clock,
    login: async (signal) => {
      const held = await currentToken(signal);
      return typeof held === 'string' ? undefined : held;
    },
    call: async (call, signal) => {
      const held = await currentToken(signal);
      if (typeof held !== 'string') return held;
      const answer = await exchange(call, held, signal);
      if (answer.ok || answer.class !== 'token') return answer;
      token.refused(held);
      const renewed = await currentToken(signal);
      return typeof renewed === 'string' ? exchange(call, renewed, signal) : renewed;
    },
    [Symbol.asyncDispose]: () => exchange.wire[Symbol.asyncDispose](),
  };
}

/** Signs and sends; for class `clock` it believes the cloud's time and tries once more. */
function signedExchange(options: ClientOptions, clock: CloudClock) {
  const endpoint = checkEndpoint(options.endpoint);
  const wire = openWire(endpoint, options);

  const once = async (call: Call, accessToken: string, signal: AbortSignal): Promise<Answer> => {
    const headers = headersFor(call, options, { accessToken, t: String(clock.nowMs()) });
    try {
      const { method, target, payload: body = '', answerWithinMs } = call;
      const answer = await wire.exchange({ method, target, headers, body, answerWithinMs }, signal);
      const read = readAnswer(answer.status, answer.retryAfter, answer.text);
      if (!read.ok && read.class === 'fenced') options.fence?.raise('tuya', read.epoch);
      return read;
    } catch (error) {
      const { class: kind, code } = classOfFault(error);
      return { ok: false, class: kind, code, reason: `no answer from ${endpoint.host}: ${code}` };
    }
  };

  const exchange = async (call: Call, accessToken: string, signal: AbortSignal): Promise<Answer> => {
    const answer = await once(call, accessToken, signal);
    if (answer.ok || answer.class !== 'clock' || answer.cloudMs === undefined) return answer;
    clock.learn(answer.cloudMs);
    return once(call, accessToken, signal);
  };
  return Object.assign(exchange, { wire });
}

function headersFor(
  { method, target, payload: body = '', keys = [] }: Call,
  { clientId, secret, fence }: ClientOptions,
  { accessToken, t }: { readonly accessToken: string; readonly t: string },
): Record<string, string> {
  return {
    client_id: clientId,
    sign: sign({ clientId, secret, accessToken, t, nonce: '' }, { method, target, body }),
    sign_method: 'HMAC-SHA256',
    t,
    lang: 'en',
    ...(fence && { 'portcullis-gateway': ownName(fence) }),
    ...(accessToken === '' ? {} : { access_token: accessToken }),
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
    ...(keys.length === 0 ? {} : { 'idempotency-key': keys.join(',') }),
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  const refusal = new Refused({ ok: false, class: 'transport', code: 'aborted', reason: 'the call was given up' });
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(refusal);
  else signal.addEventListener('abort', () => reject(refusal), { once: true });
  return promise;
}

/** The cloud hears one gateway of a name; one that knows nothing of this header hears all. */
const ownName = ({ gateway, identity: { epoch, instance } }: Fence): string => `${gateway};${epoch};${instance}`;
