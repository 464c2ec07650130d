import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import type { Endpoint } from '../../lib/endpoint.ts';
import { rateMeter } from '../rate-meter.ts';
import type { Ask } from './ask.ts';
import { grantsAddress, grantsTarget, type Target } from './grants.ts';
import { handleLimits as limits } from './handle-limits.ts';
import { done, refused, type Told } from './told.ts';

interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. Rejects when it has none. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

const systemResolve: Resolve = (host) => lookup(host, { all: true });

/**
 * HTTP on behalf of a plugin: hosts, ports and schemes of its contract and no other. A name is resolved once per
 * request, and the socket connects to the very address that was checked, so that a rebound name leads nowhere. TLS is
 * verified. Redirects are answers: what they point to is asked for, and checked, like everything else.
 */
export function httpHandle(
  outbound: readonly Endpoint[],
  { clock, resolve = systemResolve }: { readonly clock: Clock; readonly resolve?: Resolve | undefined },
): (ask: Ask<'request'>, signal: AbortSignal) => Promise<Told> {
  const withinRate = rateMeter(limits.requestsPerSecond, clock);
  let running = 0;
  return async (ask, revoked) => {
    const url = targetUrl(ask.url);
    if (url === undefined) return refused('PC-R207', 'an http or https address without credentials is needed');
    const target = targetOf(url);
    if (!grantsTarget(outbound, target)) return refused('PC-R207', 'the contract does not name this host and port');
    if ((ask.body?.length ?? 0) > limits.requestBytes) return refused('PC-R209', 'the body is too long');
    if (running >= limits.concurrentRequests) return refused('PC-R209', 'too many requests at the same time');
    if (!withinRate(1)) return refused('PC-R209', 'too many requests per second');
    const ms = Math.min(ask.timeoutMs ?? limits.requestMs, limits.longestRequestMs);
    const signal = AbortSignal.any([revoked, AbortSignal.timeout(ms)]);
    running += 1;
    try {
      const found = await addressesOf(target.host, resolve, signal);
      const pinned = found.filter(({ address }) => grantsAddress(outbound, target, address));
      if (pinned.length === 0) {
        return refused('PC-R208', 'the host is at a private or local address that the contract does not name');
      }
      return await exchange(ask, url, { pinned, signal });
    } catch (error) {
      return failure(error, signal);
    } finally {
      running -= 1;
    }
  };
}

function targetUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}

function targetOf(url: URL): Target {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

async function addressesOf(host: string, resolve: Resolve, signal: AbortSignal): Promise<readonly Address[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([resolve(host), promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

interface Way {
  readonly pinned: readonly Address[];
  readonly signal: AbortSignal;
}

/** A connection of its own per request: none outlives the check of its address. */
async function exchange(ask: Ask<'request'>, url: URL, { pinned, signal }: Way): Promise<Told> {
  // The HTTP client is large; a gateway whose plugins ask for no host does without it.
  const { Client } = await import('undici');
  const client = new Client(url.origin, {
    allowH2: false,
    pipelining: 1,
    headersTimeout: limits.longestRequestMs,
    bodyTimeout: limits.longestRequestMs,
    maxResponseSize: limits.answerBytes,
    connect: { lookup: pinTo(pinned), timeout: limits.longestRequestMs, rejectUnauthorized: true },
  });
  try {
    const { method, body } = ask;
    const path = `${url.pathname}${url.search}`;
    const headers = Object.fromEntries(ask.headers.filter(([name]) => !ownHeaders.has(name.toLowerCase())));
    const answer = await client.request({ method, path, headers, body: body ?? null, signal });
    const bytes = await answer.body.arrayBuffer();
    return done({
      status: answer.statusCode,
      headers: answerHeaders(answer),
      body: Buffer.from(bytes).toString('base64'),
    });
  } finally {
    await client.destroy();
  }
}

function pinTo(pinned: readonly Address[]): LookupFunction {
  return (_name, options, callback) => {
    const [first] = pinned;
    if (options.all === true) callback(null, [...pinned]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** Those of the connection are the gateway's: a plugin with `Host` or `Connection` could ask for another host. */
const ownHeaders = new Set([
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function answerHeaders({ headers }: Dispatcher.ResponseData): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined || ownHeaders.has(name)) return [];
      return [[name, Array.isArray(value) ? value.join(', ') : value]];
    }),
  );
}

function failure(error: unknown, signal: AbortSignal): Told {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return refused('PC-R209', 'the answer is too long');
  if (signal.aborted) return refused('PC-R211', 'no complete answer in time');
  return refused('PC-R211', typeof code === 'string' && /^[A-Z_\d]{1,64}$/.test(code) ? code : 'the exchange failed');
}
