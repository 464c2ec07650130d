import { findRoute } from './routes.ts';
import { quotaCheck } from './quota.ts';
import type { Quotas } from './quota.ts';
import { fail, shutOut } from './reply.ts';
import type { Reply } from './reply.ts';
import { headerText, isSigned } from './signature.ts';
import type { CallKind, SignedRequest } from './signature.ts';
import type { CloudState } from './state.ts';

export interface Credentials {
  readonly clientId: string;
  readonly secret: string;
}

/** How far the client's clock may be off (Tuya, error 1013). */
const clockWindowMs = 5 * 60_000;
const maxKeys = 500;

const tokenPath = '/v1.0/token';

const kindOf = (path: string): CallKind => {
  if (path === tokenPath) return 'token';
  return path.startsWith(`${tokenPath}/`) ? 'refresh' : 'business';
};

/** Who is calling, and when: undefined when signature, clock and token are good. */
function refusal(request: SignedRequest, path: string, state: CloudState, who: Credentials): Reply | undefined {
  const { headers } = request;
  const kind = kindOf(path);
  const t = headerText(headers, 't');
  if (headerText(headers, 'client_id') !== who.clientId) return fail(1005);
  if (!/^\d{13}$/.test(t) || Math.abs(Number(t) - state.clock.wallMs()) > clockWindowMs) return fail(1013);
  if (headerText(headers, 'sign_method') !== 'HMAC-SHA256' || !isSigned(request, who.secret, kind)) return fail(1004);
  const gateway = headerText(headers, 'portcullis-gateway');
  if (!state.gateways.admits(gateway)) return shutOut(state.gateways.epochOf(gateway));
  if (kind !== 'business') return undefined;
  return state.tokens.isGood(headerText(headers, 'access_token'), state.clock.wallMs()) ? undefined : fail(1010);
}

function parseBody(request: SignedRequest): { body: unknown } | { refused: Reply } {
  if (request.body.length === 0) return { body: undefined };
  const writes = request.method === 'POST' || request.method === 'PUT';
  if (writes && !headerText(request.headers, 'content-type').startsWith('application/json')) {
    return { refused: fail(1006) };
  }
  try {
    return { body: JSON.parse(Buffer.from(request.body).toString('utf8')) };
  } catch {
    return { refused: fail(1109) };
  }
}

function keysIn(request: SignedRequest): readonly string[] | undefined {
  const keys = headerText(request.headers, 'idempotency-key')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  return keys.length <= maxKeys && keys.every((key) => /^[\w.:-]{1,64}$/.test(key)) ? keys : undefined;
}

/** Answers one call: signature, token, quota, body, then the route. Never throws for what a client sends. */
export function gatekeeper(state: CloudState, who: Credentials, quotas: Quotas) {
  const overQuota = quotaCheck(quotas);
  return async (request: SignedRequest, signal: AbortSignal): Promise<Reply> => {
    const [path = '', search = ''] = request.target.split('?', 2);
    const refused = refusal(request, path, state, who);
    if (refused) return refused;
    const found = findRoute(request.method, path);
    if (!found) return fail(1108);
    const over = overQuota(found.route.api, state.clock.monoMs());
    if (over !== undefined) return fail(over);
    const parsed = parseBody(request);
    if ('refused' in parsed) return parsed.refused;
    const keys = keysIn(request);
    if (!keys) return fail(1109);
    const call = {
      params: found.params,
      query: new URLSearchParams(search),
      body: parsed.body,
      keys,
      now: state.clock.wallMs(),
      signal,
    };
    return found.route.handle(call, state);
  };
}
