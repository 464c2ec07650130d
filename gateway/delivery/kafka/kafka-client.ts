import { Admin, compatibilityPartitioner, Producer, ProduceAcks, type BaseOptions } from '@platformatic/kafka';
import { isIP } from 'node:net';
import { isNamed } from './error-classes.ts';
import type { KafkaOptions } from './options.ts';
import type { KafkaRecord } from './records.ts';

/**
 * A producer that lives until its first failure: what arrived is unknown then, and with it which sequence numbers the
 * broker has. Whoever sees `send` reject disposes the client and opens another, under a new producer id. An out-of-order
 * sequence is the one failure that the library mends within the call, by the same means.
 */
export interface KafkaClient extends AsyncDisposable {
  /** Looks for the topics and makes the missing ones where that is allowed; gets a producer id. */
  prepare(): Promise<void>;
  /** Resolves when all in-sync replicas have every record; records of one key stay in order. One call at a time. */
  send(records: readonly KafkaRecord[]): Promise<void>;
}

/** Milliseconds. Tries of one call repeat it with the same sequence numbers, which the broker recognises. */
const times = {
  connectTimeout: 5_000,
  requestTimeout: 10_000,
  timeout: 8_000,
  retryDelay: 250,
  metadataMaxAge: 30_000,
};
const retries = 3;

export function clientOptions(options: Omit<KafkaOptions, 'topics'>): BaseOptions {
  const { brokers, gateway, tls, sasl } = options;
  return {
    clientId: `portcullis-${gateway}`,
    bootstrapBrokers: [...brokers],
    ...times,
    retries,
    autocreateTopics: false,
    ...(tls && { tls: { ...(tls.ca !== undefined && { ca: tls.ca }) }, tlsServerName: brokers.every(hasName) }),
    ...(sasl && { sasl }),
  };
}

/** Only a name may be told in the handshake; an address is checked against the certificate all the same. */
const hasName = (broker: string): boolean => isIP(broker.slice(0, broker.lastIndexOf(':'))) === 0;

/** Opens nothing yet: connections come with the first call. */
export function openKafkaClient(options: KafkaOptions): KafkaClient {
  const producer = new Producer({
    ...clientOptions(options),
    idempotent: true,
    acks: ProduceAcks.ALL,
    compression: options.compression,
    // The partition that every other client computes for the same key; the default of this one differs for half of them.
    partitioner: (_message, key) => compatibilityPartitioner(undefined as never, key),
  });
  return {
    async prepare() {
      if (options.createTopics) await createMissing(options, options.createTopics);
      await producer.initIdempotentProducer({});
    },
    async send(records) {
      await producer.send({ messages: records.map((record) => ({ ...record })) });
    },
    [Symbol.asyncDispose]: () => close(producer),
  };
}

async function createMissing(
  options: KafkaOptions,
  { partitions, replicas }: NonNullable<KafkaOptions['createTopics']>,
) {
  const admin = new Admin(clientOptions(options));
  try {
    const there = new Set(await admin.listTopics());
    const wanted = new Set(Object.values(options.topics).filter((topic) => topic !== null));
    const missing = [...wanted.difference(there)];
    for (const topic of missing) {
      // A backlog may be weeks old: the broker's own time keeps it from expiring on arrival.
      const times = { name: 'message.timestamp.type', value: 'LogAppendTime' };
      const isClaims = topic === options.topics.gateways;
      const configs = isClaims ? [times, { name: 'cleanup.policy', value: 'compact' }] : [times];
      const shape = { partitions: isClaims ? 1 : partitions, replicas, configs };
      await admin.createTopics({ topics: [topic], ...shape }).catch((error: unknown) => {
        // Another gateway made it at the same moment.
        if (!isNamed(error, 'TOPIC_ALREADY_EXISTS')) throw error;
      });
    }
  } finally {
    await close(admin);
  }
}

/** A client that is thrown away may have nothing left to close. */
async function close(client: Producer | Admin): Promise<void> {
  await client.close().catch(() => undefined);
}
