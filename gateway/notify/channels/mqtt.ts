import type { Outbound } from '../../../contracts/plugin.ts';
import type { Channel } from './channel.ts';
import { dataOf, type Words } from './render.ts';

export interface MqttChannelOptions {
  readonly kind: 'mqtt';
  /** Without `+` and `#`; the address of a contact, where it has one, is one more level. */
  readonly topic: string;
}

export type Publish = (message: Outbound) => Promise<unknown>;

/** The gateway's own broker, for who subscribes there. The id in the message is for leaving out what came before. */
export function openMqttChannel({ topic }: MqttChannelOptions, words: Words, publish: Publish): Channel {
  return {
    combines: false,
    async send({ id, to, notices: [notice] }) {
      const full = to === '' ? topic : `${topic}/${to}`;
      if (/[+#\0]/.test(to)) return { is: 'refused', why: 'A topic has no + and no #.' };
      await publish({ topic: full, payload: JSON.stringify({ id, ...dataOf(notice, words) }), qos: 1 });
      return { is: 'taken' };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
