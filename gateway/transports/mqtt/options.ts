import type { PacketLimits } from './packet-rules.ts';
import type { Profile } from './profiles.ts';
import type { SessionLimits } from './session-store.ts';

export interface MqttLimits extends PacketLimits, SessionLimits {
  readonly maxConnections: number;
  /** Connections of one address that have not sent a whole CONNECT; more than this many get one second. */
  readonly maxPendingPerAddress: number;
  readonly connectTimeoutMs: number;
  /** Messages of one client that are not committed yet; then its socket is not read. */
  readonly maxPendingPerClient: number;
  /** Bytes of all messages that are not committed yet; then no socket is read. */
  readonly maxPendingBytes: number;
  /** Bytes of messages that were refused because a queue is full and wait for another try; then connections are closed. */
  readonly maxHeldBytes: number;
  /** QoS 2 identifiers of one client that are accepted and not released. */
  readonly maxIncomingPerClient: number;
  readonly maxSubscriptionsPerClient: number;
  /** Unsent bytes of one subscriber: above, QoS 0 is dropped and a subscriber with QoS > 0 is closed. */
  readonly maxUnsentBytes: number;
  /** How long an acknowledgement is held while there is no room. */
  readonly holdMs: number;
  /** How long a stop waits for pending acknowledgements. */
  readonly closeTimeoutMs: number;
}

const dayMs = 86_400_000;

export const defaultLimits: MqttLimits = {
  maxPacketBytes: 256 * 1024,
  maxTopicBytes: 1024,
  maxTopicLevels: 32,
  maxClientIdBytes: 128,
  maxFilters: 512,
  maxConnections: 2000,
  maxPendingPerAddress: 20,
  connectTimeoutMs: 5000,
  maxPendingPerClient: 256,
  maxPendingBytes: 16 * 1024 * 1024,
  maxHeldBytes: 8 * 1024 * 1024,
  maxIncomingPerClient: 512,
  maxSubscriptionsPerClient: 256,
  maxUnsentBytes: 1024 * 1024,
  holdMs: 60_000,
  closeTimeoutMs: 5000,
  maxSessionAgeMs: 14 * dayMs,
  maxWillBytes: 8 * 1024 * 1024,
  queue: { maxBytes: 1024 * 1024, maxMessages: 1000, maxAgeMs: 7 * dayMs, maxTotalBytes: 16 * 1024 * 1024 },
  retained: {
    maxPerClient: 5000,
    maxBytesPerClient: 4 * 1024 * 1024,
    maxTotal: 20_000,
    maxTotalBytes: 16 * 1024 * 1024,
    maxAgeMs: 90 * dayMs,
  },
};

/** Ports of 0 take a free one; the transport tells which. */
export interface MqttOptions {
  readonly host: string;
  /** While it says so, connections from other machines are ended before a byte of them is read. */
  readonly isClosed?: () => boolean;
  readonly tcp?: { readonly port: number } | undefined;
  /** PEM texts. With `ca` a client must show a certificate of it, beside its password. */
  readonly tls?:
    | { readonly port: number; readonly key: string; readonly cert: string; readonly ca?: string }
    | undefined;
  readonly ws?: { readonly port: number } | undefined;
  /** Lets clients without a user name in, with every right. For the demo only. */
  readonly anonymous?: boolean;
  /** Topics that make a device act: a message on them is never retained. */
  readonly actuationFilters?: readonly string[];
  /** Beside the shipped ones; the same name replaces. */
  readonly profiles?: readonly Profile[];
  readonly limits?: Partial<MqttLimits>;
  /**
   * `before-commit` breaks the promise on purpose: a fault test must be able to see that it would notice. Never set it
   * outside such a test.
   */
  readonly acknowledge?: 'after-commit' | 'before-commit';
}
