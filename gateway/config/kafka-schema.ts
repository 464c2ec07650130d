import { z } from 'zod';

const broker = z
  .string()
  .regex(/^[^\s:/]+:\d{1,5}$/, { error: 'must be host:port', abort: true })
  .refine((text) => isPort(Number(text.slice(text.indexOf(':') + 1))), { message: 'must have a port from 1 to 65535' });
const isPort = (port: number): boolean => port >= 1 && port <= 65_535;
const topicName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,249}$/, 'must be a topic name of letters, digits, dots, dashes and underscores');
const topic = (name: string) => topicName.nullable().default(`portcullis.${name}`);

/** Where and how Kafka is written; every topic but `events` can be switched off with null. */
export const kafkaSchema = z
  .strictObject({
    brokers: z.array(broker).min(1).max(64),
    topics: z
      .strictObject({
        events: topicName.default('portcullis.events'),
        metrics: topic('metrics'),
        changes: topic('changes'),
        alarms: topic('alarms'),
        results: topic('results'),
        deadLetters: topic('dead-letters'),
        commands: topic('commands'),
        /** Compacted, of one partition; with null two gateways of one name are not kept apart here. */
        gateways: topic('gateways'),
      })
      .prefault({})
      .refine((topics) => isEachOnce(Object.values(topics).filter((name) => name !== null)), {
        message: 'has one name twice: each kind of record needs a topic of its own, or null',
      }),
    /** Makes missing topics, with so many partitions, and replicas as the brokers' default says. */
    createTopics: z.boolean().default(true),
    partitions: z.int().min(1).max(10_000).default(12),
    compression: z.enum(['none', 'gzip', 'zstd', 'lz4', 'snappy']).default('none'),
    /** PEM file of the authority that signed the brokers' certificates, where that is not a public one. */
    tls: z.strictObject({ ca: z.string().min(1).max(4096).optional() }).optional(),
    sasl: z
      .strictObject({
        mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
        username: z.string().min(1).max(256),
        passwordFile: z.string().min(1).max(4096),
      })
      .optional(),
  })
  .refine(({ sasl, tls }) => sasl?.mechanism !== 'PLAIN' || tls !== undefined, {
    message: 'sasl PLAIN sends the password as it is: it needs tls',
  });

const isEachOnce = (names: readonly string[]): boolean => new Set(names).size === names.length;
