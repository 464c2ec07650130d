import { certificateDates, certificateTrust } from '../certificate-codes.ts';
import type { FailureRule } from '../failure-rule.ts';

/** What kind of trouble an error of the client is: each kind has its own rule below. */
export type ErrorClass =
  | 'transport'
  | 'leader'
  | 'producer'
  | 'too-large'
  | 'record'
  | 'credentials'
  | 'permission'
  | 'topic'
  | 'time'
  | 'certificate'
  | 'throttle'
  | 'fenced'
  | 'broker'
  | 'unknown';

/**
 * Only what a broker says of a record itself rejects it. In every class the client is thrown away: what arrived is
 * unknown, and its sequence numbers with it (kafka-client.ts).
 */
export const rules: Readonly<Record<ErrorClass, FailureRule>> = {
  transport: { effect: 'keep', pause: 'transient' },
  leader: { effect: 'keep', pause: 'transient' },
  producer: { effect: 'keep', pause: 'transient' },
  'too-large': { effect: 'split' },
  record: { effect: 'split' },
  credentials: {
    effect: 'keep',
    pause: 'stopped',
    alarm: {
      code: 'KAFKA_CREDENTIALS',
      detail: 'Kafka refuses user name or password. Mend kafka.sasl, then resume the sink.',
    },
  },
  permission: {
    effect: 'keep',
    pause: 'stopped',
    alarm: {
      code: 'KAFKA_PERMISSION',
      detail: 'This gateway may not write to its topics. Mend the access rules in Kafka, then resume the sink.',
    },
  },
  topic: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'KAFKA_TOPIC',
      detail: 'A topic of kafka.topics does not exist and could not be created. Data waits in the buffer.',
    },
  },
  time: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'KAFKA_TIME',
      detail:
        'The clock of the gateway does not fit a certificate or a time stamp: it is wrong, or the certificate has expired.',
    },
  },
  certificate: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'KAFKA_CERTIFICATE',
      detail:
        'The certificate of Kafka is for another host, or of an authority that kafka.tls.ca does not name. Data waits in the buffer.',
    },
  },
  throttle: { effect: 'keep', pause: 'transient' },
  /** The fence tells the alarm, for all sinks together. */
  fenced: { effect: 'keep', pause: 'stopped' },
  broker: { effect: 'keep', pause: 'transient' },
  unknown: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'KAFKA_UNKNOWN_ANSWER',
      detail: 'Kafka refuses records for a reason that the gateway does not know.',
    },
  },
};

/** Error names of the Kafka protocol ("Error Codes"), and codes of sockets and TLS. */
const classes: Readonly<Partial<Record<ErrorClass, readonly string[]>>> = {
  credentials: ['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'],
  permission: [
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  ],
  time: [...certificateDates, 'INVALID_TIMESTAMP'],
  certificate: certificateTrust,
  producer: [
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'DUPLICATE_SEQUENCE_NUMBER',
    'INVALID_PRODUCER_EPOCH',
    'PRODUCER_FENCED',
    'UNKNOWN_PRODUCER_ID',
    'INVALID_PRODUCER_ID_MAPPING',
    'INVALID_TXN_STATE',
  ],
  topic: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INVALID_TOPIC_EXCEPTION'],
  'too-large': ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'],
  record: ['INVALID_RECORD', 'CORRUPT_MESSAGE', 'POLICY_VIOLATION'],
  leader: [
    'NOT_LEADER_OR_FOLLOWER',
    'LEADER_NOT_AVAILABLE',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'REPLICA_NOT_AVAILABLE',
    'NOT_CONTROLLER',
  ],
  throttle: ['THROTTLING_QUOTA_EXCEEDED'],
  broker: [
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'KAFKA_STORAGE_ERROR',
    'REQUEST_TIMED_OUT',
    'BROKER_NOT_AVAILABLE',
    'NETWORK_EXCEPTION',
    'COORDINATOR_NOT_AVAILABLE',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'UNKNOWN_SERVER_ERROR',
  ],
  transport: [
    'PLT_KFK_NETWORK',
    'PLT_KFK_TIMEOUT',
    'PLT_KFK_UNEXPECTED_CORRELATION_ID',
    'PLT_KFK_UNFINISHED_WRITE_BUFFER',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
  ],
};

export interface Fault {
  readonly class: ErrorClass;
  /** The protocol's or the system's name of it. */
  readonly code: string;
}

interface ClientError {
  readonly code?: string;
  readonly apiId?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/**
 * Reads an error of the client, which may be a tree of errors (one per broker, partition and try): the first class of
 * the table that any of them has. Credentials stand before transport, because the client wraps one in the other.
 */
export function classOfFault(error: unknown): Fault {
  const names = [...namesIn(error, 0)];
  for (const [name, codes] of Object.entries(classes)) {
    const code = names.find((one) => codes.includes(one));
    if (code !== undefined) return { class: name as ErrorClass, code };
  }
  return { class: 'unknown', code: names[0] ?? 'unknown fault' };
}

/** Whether an error of the client, or one that it stands for, has this name. */
export const isNamed = (error: unknown, name: string): boolean => [...namesIn(error, 0)].includes(name);

const deepest = 6;

function* namesIn(error: unknown, depth: number): Generator<string> {
  if (depth > deepest || typeof error !== 'object' || error === null) return;
  const { apiId, code, message = '', cause, errors = [] } = error as ClientError;
  if (apiId !== undefined) yield apiId;
  // The client says these two in words only.
  if (message.startsWith('Unknown topic')) yield 'UNKNOWN_TOPIC_OR_PARTITION';
  if (code === 'PLT_KFK_AUTHENTICATION' && apiId === undefined && cause === undefined)
    yield 'SASL_AUTHENTICATION_FAILED';
  if (code !== undefined && apiId === undefined) yield code;
  yield* namesIn(cause, depth + 1);
  for (const one of errors) yield* namesIn(one, depth + 1);
}
