import { Consumer, ListOffsetTimestamps, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import { randomUUID } from 'node:crypto';
import { PortcullisError } from '../../../contracts/errors.ts';
import { classOfFault } from './error-classes.ts';
import { clientOptions } from './kafka-client.ts';
import type { KafkaOptions } from './options.ts';

export interface TopicRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly value: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** One partition as it stood when reading began: the first offset it still has, and the next one. */
export interface PartitionSpan {
  readonly topic: string;
  readonly partition: number;
  readonly first: bigint;
  readonly end: bigint;
}

type Connection = Omit<KafkaOptions, 'topics' | 'createTopics' | 'compression'>;

/** Records that wait to be taken, and bytes of one fetch. The client's own 10 MB cost 1 GB, and four times the CPU. */
const ahead = { records: 200, bytes: 262_144 };
/** How long Kafka may hold a fetch when nothing is there. */
const fetchWaitMs = 250;
/** How long nothing may come although records are missing. */
const silenceMs = 60_000;

/**
 * Reads topics from their beginning to the end that they had when reading began; order holds per partition. Memory is
 * that of a fetch. Rejects with SINK_UNAVAILABLE or SINK_REFUSED.
 */
export async function readTopics(
  connection: Connection,
  topics: readonly string[],
  onRecord: (record: TopicRecord) => void,
): Promise<PartitionSpan[]> {
  const consumer = new Consumer({
    ...clientOptions({ ...connection, compression: 'none' }),
    groupId: `portcullis-audit-${randomUUID()}`,
    deserializers: stringDeserializers,
    autocommit: false,
    highWaterMark: ahead.records,
    maxBytes: ahead.bytes,
    maxWaitTime: fetchWaitMs,
  });
  try {
    const all = [...topics];
    const ends = await consumer.listOffsets({ topics: all, timestamp: ListOffsetTimestamps.LATEST });
    const firsts = await consumer.listOffsets({ topics: all, timestamp: ListOffsetTimestamps.EARLIEST });
    const spans = all.flatMap((topic) =>
      (ends.get(topic) ?? []).map((end, partition) => ({
        topic,
        partition,
        end,
        first: firsts.get(topic)?.[partition] ?? 0n,
      })),
    );
    await readSpans(consumer, spans, onRecord);
    return spans;
  } catch (error) {
    const { class: kind, code } = classOfFault(error);
    const refused = kind === 'credentials' || kind === 'permission';
    throw new PortcullisError(refused ? 'SINK_REFUSED' : 'SINK_UNAVAILABLE', `Kafka cannot be read (${code}).`, {
      cause: error,
    });
  } finally {
    await new Promise<void>((resolve) => consumer.close(true, () => resolve()));
  }
}

async function readSpans(
  consumer: Consumer<string, string, string, string>,
  spans: readonly PartitionSpan[],
  onRecord: (record: TopicRecord) => void,
): Promise<void> {
  const open = new Map(
    spans.filter(({ first, end }) => end > first).map(({ topic, partition, end }) => [`${topic}\n${partition}`, end]),
  );
  if (open.size === 0) return;
  const topics = [...new Set(spans.map(({ topic }) => topic))];
  const stream = await consumer.consume({ topics, mode: MessagesStreamModes.EARLIEST });
  const tooQuiet = (): void => void stream.destroy(new Error(`nothing came for ${silenceMs} ms`));
  let silence = setTimeout(tooQuiet, silenceMs);
  try {
    for await (const { topic, partition, offset, key, value, headers } of stream) {
      silence.refresh();
      const end = open.get(`${topic}\n${partition}`);
      if (end !== undefined && offset < end)
        onRecord({ topic, partition, offset, key: key ?? '', value: value ?? '', headers });
      if (end !== undefined && offset + 1n >= end) open.delete(`${topic}\n${partition}`);
      if (open.size === 0) return;
    }
  } finally {
    clearTimeout(silence);
  }
}
