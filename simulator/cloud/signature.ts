import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A request as it came over the wire: `target` is path and query still encoded, `body` the bytes received. */
export interface SignedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/**
 * Which signatures are good. A token call is signed without an access token. A refresh may be signed as either call
 * and also in version 1, because the published Node connector (2.1.2) does so.
 */
export type CallKind = 'token' | 'refresh' | 'business';

/** The text of one header; a header that was sent twice reads as Node joins it. */
export function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

/** The hash covers the raw bytes, except that form bodies are not hashed (Tuya, "Sign Requests for Cloud Authorization"). */
function contentHash(request: SignedRequest): string {
  const isForm = headerText(request.headers, 'content-type').startsWith('application/x-www-form-urlencoded');
  return createHash('sha256')
    .update(isForm ? '' : request.body)
    .digest('hex');
}

/** Path, then the decoded query with its keys in ASCII order; `%20` and `+` both mean a space. */
function signedUrl(target: string): string {
  const at = target.indexOf('?');
  if (at < 0) return target;
  const query = new URLSearchParams(target.slice(at + 1));
  query.sort();
  const text = [...query].map(([key, value]) => `${key}=${value}`).join('&');
  return text === '' ? target.slice(0, at) : `${target.slice(0, at)}?${text}`;
}

/** The names in `Signature-Headers`, in that order, one `name:value` line each. */
function headersBlock(headers: IncomingHttpHeaders): string {
  return headerText(headers, 'signature-headers')
    .split(':')
    .filter((name) => name !== '')
    .map((name) => `${name}:${headerText(headers, name)}\n`)
    .join('');
}

/** `stringToSign` of signature version 2 (Tuya, "Sign Requests for Cloud Authorization"). */
export function stringToSign(request: SignedRequest): string {
  const { method, target, headers } = request;
  return `${method.toUpperCase()}\n${contentHash(request)}\n${headersBlock(headers)}\n${signedUrl(target)}`;
}

const sign = (secret: string, message: string): Buffer => createHmac('sha256', secret).update(message).digest();

/** Whether the header `sign` is what the secret gives for this request. */
export function isSigned(request: SignedRequest, secret: string, kind: CallKind): boolean {
  const { headers } = request;
  const given = headerText(headers, 'sign');
  if (!/^[0-9A-F]{64}$/.test(given)) return false;
  const id = headerText(headers, 'client_id');
  const token = headerText(headers, 'access_token');
  const t = headerText(headers, 't');
  const rest = `${t}${headerText(headers, 'nonce')}${stringToSign(request)}`;
  const accepted = {
    token: [`${id}${rest}`],
    refresh: [`${id}${rest}`, `${id}${token}${rest}`, `${id}${t}`, `${id}${token}${t}`],
    business: [`${id}${token}${rest}`],
  };
  const bytes = Buffer.from(given, 'hex');
  return accepted[kind].some((message) => timingSafeEqual(sign(secret, message), bytes));
}
