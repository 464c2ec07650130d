import type { Severity } from '../../../contracts/alarm-words.ts';
import type { Channel } from './channel.ts';
import { openHttpTarget, type HttpTargetOptions } from './http-target.ts';
import { subjectOf, textOf, type Words } from './render.ts';

export interface NtfyOptions extends HttpTargetOptions {
  readonly kind: 'ntfy';
  /** Access token, where the server wants one. */
  readonly token?: string | undefined;
}

/** ntfy's priorities, from 1 to 5 (docs.ntfy.sh, "Message priority"). */
const priorities: Readonly<Record<Severity, number>> = { low: 2, medium: 3, high: 4, critical: 5 };
const mostText = 3_500;

/**
 * A push message by ntfy ("Publish as JSON"); the address of a contact is the topic. With the same `sequence_id` a server from
 * 2.16 on shows one notification, also when the first answer was lost.
 */
export function openNtfy(options: NtfyOptions, words: Words): Channel {
  const target = openHttpTarget(options);
  const authorization = options.token === undefined ? undefined : { authorization: `Bearer ${options.token}` };
  return {
    combines: true,
    send({ id, to, notices }, signal) {
      const [{ alarm, why }] = notices;
      const body = JSON.stringify({
        topic: to,
        title: subjectOf(notices, words),
        message: textOf(notices, words).slice(0, mostText),
        priority: why === 'cleared' ? priorities.low : priorities[alarm.severity],
        tags: [why === 'cleared' ? 'white_check_mark' : 'rotating_light'],
        sequence_id: id,
      });
      return target.post(body, { 'content-type': 'application/json', ...authorization }, signal);
    },
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}
