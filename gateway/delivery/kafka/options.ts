import type { TopicKey } from '../../../contracts/kafka.ts';

/** Topic names; a topic that is null is not written (or, for commands, not read). */
export type Topics = Readonly<Record<Exclude<TopicKey, 'events'>, string | null> & { events: string }>;

export interface KafkaOptions {
  readonly brokers: readonly string[];
  /** This gateway's name: client id, consumer group, header. */
  readonly gateway: string;
  readonly topics: Topics;
  /** Makes topics that are missing; undefined leaves that to the operator. `replicas` -1 takes the brokers' default. */
  readonly createTopics?: { readonly partitions: number; readonly replicas: number };
  readonly compression: 'none' | 'gzip' | 'zstd' | 'lz4' | 'snappy';
  /** TLS; `ca` is PEM text where the authority is not a public one. */
  readonly tls?: { readonly ca?: string };
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  };
}
