import { randomBytes } from 'node:crypto';

/** The error codes that this cloud gives, with the vendor's words (Tuya, "Global Error Codes", TuyaLink's 2121–2124, and 2131 of our own). */
const messages = {
  1000: 'data does not exist',
  1004: 'sign invalid',
  1005: 'clientId invalid',
  1006: 'not support content type',
  1010: 'token invalid',
  1013: 'request time is invalid',
  1108: 'uri path invalid',
  1109: 'param is illegal',
  1110: 'concurrent request over limit',
  1111: 'system busy, please try again later',
  1113: 'duplicate request',
  1400: 'refresh token invalid',
  2001: 'device is offline',
  2010: 'device not exist',
  2121: 'part of the reports failed',
  2122: 'all reports failed',
  2123: 'more than 20 sub-devices in a batch',
  2124: 'too many records in a batch',
  2131: 'another gateway runs in place of this one',
  28841004: 'trial quota used up',
} as const satisfies Record<number, string>;

export type FailureCode = keyof typeof messages;

/** What a call came to; the HTTP status is 200 either way. */
export type Reply = { readonly result: unknown } | { readonly code: number; readonly epoch?: number | undefined };

export const ok = (result: unknown = true): Reply => ({ result });
export const fail = (code: FailureCode): Reply => ({ code });
/** Extension of ours: says which epoch is heard, so that a person can go beyond it on purpose. */
export const shutOut = (epoch: number | undefined): Reply => ({ code: 2131, epoch });

/** The envelope on the wire: decide by `success` and `code`, never by the HTTP status. `t` is cloud time. */
export function envelope(reply: Reply, now: number): string {
  const tail = { t: now, tid: randomBytes(16).toString('hex') };
  if ('result' in reply) return JSON.stringify({ result: reply.result, success: true, ...tail });
  const msg = (messages as Record<number, string>)[reply.code] ?? 'injected failure';
  const { code, epoch } = reply;
  return JSON.stringify({ code, msg, success: false, ...(epoch !== undefined && { epoch }), ...tail });
}
