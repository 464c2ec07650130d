import { createHmac } from 'node:crypto';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Channel } from './channel.ts';
import { openHttpTarget, type HttpTargetOptions } from './http-target.ts';
import { dataOf, type Words } from './render.ts';

export interface WebhookOptions extends HttpTargetOptions {
  readonly kind: 'webhook';
  /** `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks writes it. */
  readonly secret: string;
}

/**
 * Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp` in seconds and `webhook-signature`, `v1,` and the HMAC-SHA256 in
 * base64 of `id.timestamp.body`. The id stays over retries, so that the far side can leave out what it has.
 */
export function openWebhook(options: WebhookOptions, words: Words, wallMs: () => number): Channel {
  const key = keyIn(options.secret);
  const target = openHttpTarget(options);
  return {
    combines: false,
    send({ id, notices: [notice] }, signal) {
      const timestamp = String(Math.floor(wallMs() / 1_000));
      const body = JSON.stringify({
        type: `alarm.${notice.why}`,
        timestamp: new Date(notice.at).toISOString(),
        data: dataOf(notice, words),
      });
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'portcullis',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
      };
      return target.post(body, headers, signal);
    },
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}

function keyIn(secret: string): Buffer {
  const text = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret;
  const key = Buffer.from(text, 'base64');
  if (key.length < 24 || key.length > 64) {
    throw new PortcullisError(
      'CONFIG_INVALID',
      'The secret of a webhook is whsec_ and 24 to 64 bytes in base64. Make one with: echo whsec_$(openssl rand -base64 32)',
    );
  }
  return key;
}
