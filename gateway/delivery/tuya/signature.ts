import { createHash, createHmac } from 'node:crypto';

/** What a call puts under its signature. `target` is path and query as on the wire, `body` the raw bytes. */
export interface SignedCall {
  readonly method: string;
  readonly target: string;
  readonly body: string | Uint8Array;
  /** In the order of the header `Signature-Headers`. */
  readonly signedHeaders?: readonly (readonly [name: string, value: string])[];
}

/** `accessToken` is empty on token calls; `t` is the text of the header `t`; `nonce` is empty without that header. */
export interface Signer {
  readonly clientId: string;
  readonly secret: string;
  readonly accessToken: string;
  readonly t: string;
  readonly nonce: string;
}

/** The text that is signed (Tuya, "Sign Requests for Cloud Authorization", signature version 2). */
export function stringToSign(call: SignedCall): string {
  const hash = createHash('sha256').update(call.body).digest('hex');
  const headers = (call.signedHeaders ?? []).map(([name, value]) => `${name}:${value}\n`).join('');
  return [call.method.toUpperCase(), hash, headers, signedUrl(call.target)].join('\n');
}

/** Signature version 2: upper-case hex of HMAC-SHA256. */
export function sign(signer: Signer, call: SignedCall): string {
  const message = signer.clientId + signer.accessToken + signer.t + signer.nonce + stringToSign(call);
  return createHmac('sha256', signer.secret).update(message).digest('hex').toUpperCase();
}

/** Path and query with keys in ASCII order, decoded: a comma is `,` and a space is a space, however they were sent. */
export function signedUrl(target: string): string {
  const cut = target.indexOf('?');
  if (cut < 0) return target;
  const pairs = [...new URLSearchParams(target.slice(cut + 1))].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `${target.slice(0, cut)}?${pairs.map(([key, value]) => `${key}=${value}`).join('&')}`;
}
