import type { Aedes } from 'aedes';
import type { Outbound } from '../../../contracts/plugin.ts';

/** A message of the gateway itself; text stands for its UTF-8 bytes. */
export type OwnMessage = Omit<Outbound, 'payload'> & { readonly payload: string | Uint8Array };

/** Sends a message of the gateway, never retained, to the clients that are connected now. */
export async function publishOwn(broker: Aedes, { topic, payload, qos }: OwnMessage): Promise<void> {
  const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: false, dup: false } as const;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  broker.publish(packet, (error) => (error ? reject(error) : resolve()));
  await promise;
}

/** Copies of all messages that pass the broker from now on and match the filter. The listener must return at once. */
export async function hearAll(
  broker: Aedes,
  filter: string,
  listener: (topic: string, payload: Uint8Array) => void,
): Promise<AsyncDisposable> {
  const hear = (packet: { topic: string; payload: Buffer | string }, done: () => void): void => {
    listener(packet.topic, Buffer.from(packet.payload));
    done();
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  broker.subscribe(filter, hear, resolve);
  await promise;
  return {
    [Symbol.asyncDispose]: async () => {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      broker.unsubscribe(filter, hear, end);
      await ended;
    },
  };
}
