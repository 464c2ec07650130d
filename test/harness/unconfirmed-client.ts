import { Producer, ProduceAcks } from '@platformatic/kafka';
import { clientOptions, openKafkaClient, type KafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import type { KafkaOptions } from '../../gateway/delivery/kafka/options.ts';

/**
 * Where clients of a test come from: the gateway's own, or with `PORTCULLIS_BREAK=kafka-unconfirmed` the negative control of
 * the fault tests, one that takes a record for written as soon as it has left, whatever becomes of it.
 */
export const openTestClient: (options: KafkaOptions) => KafkaClient =
  process.env['PORTCULLIS_BREAK'] === 'kafka-unconfirmed' ? openUnconfirmedClient : openKafkaClient;

function openUnconfirmedClient(options: KafkaOptions): KafkaClient {
  const honest = openKafkaClient(options);
  const producer = new Producer({ ...clientOptions(options), retries: 0 });
  let identity: { readonly producerId: bigint; readonly producerEpoch: number } | undefined;
  return {
    async prepare() {
      await honest.prepare();
      identity = await producer.initIdempotentProducer({});
    },
    async send(records) {
      const messages = records.map((record) => ({ ...record }));
      await producer.send({ ...identity, acks: ProduceAcks.NO_RESPONSE, messages }).catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      await honest[Symbol.asyncDispose]();
      await producer.close().catch(() => undefined);
    },
  };
}
