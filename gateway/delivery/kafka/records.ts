import { isAlarm } from '../../../contracts/alarm.ts';
import type { DeadLetterRecord, HeaderName, MetricRecord } from '../../../contracts/kafka.ts';
import type { Message, Metric } from '../../../contracts/message.ts';
import type { Lane } from '../../../contracts/sink.ts';
import type { Topics } from './options.ts';

/** One record as the client takes it. */
export interface KafkaRecord {
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

/** What a record costs beside key and value: its headers and its frame. */
const overheadBytes = 240;

export const sizeOf = (record: KafkaRecord): number => record.key.length + record.value.length + overheadBytes;

const names = Object.fromEntries(
  (['id', 'gateway', 'boot', 'sequence', 'hist', 'lane', 'index', 'traceparent', 'epoch'] as const).map((name) => [
    name,
    Buffer.from(name),
  ]),
) as Record<HeaderName, Buffer>;

/** Headers of all records of a message that its gateway knows at the time of writing. */
interface Marks {
  readonly traceparent?: string | undefined;
  readonly epoch?: number | undefined;
}

/** Bytes of words that most messages of a batch share; small buffers are the larger part of what a record costs. */
export type Words = Map<string, Buffer>;

function bytesOf(word: string, words: Words): Buffer {
  const known = words.get(word);
  if (known !== undefined) return known;
  const bytes = Buffer.from(word);
  words.set(word, bytes);
  return bytes;
}

/**
 * Every record that one message of the log becomes: the event, its measurements, and the view of its kind. `words` is
 * one map for each batch.
 */
export function recordsOf(
  message: Message,
  lane: Lane,
  topics: Topics,
  { traceparent, epoch }: Marks = {},
  words: Words = new Map(),
): KafkaRecord[] {
  const key = bytesOf(message.dev.id, words);
  const value = Buffer.from(JSON.stringify(message));
  const headers = headersOf(message, lane, words);
  if (traceparent !== undefined) headers.set(names.traceparent, Buffer.from(traceparent));
  if (epoch !== undefined) headers.set(names.epoch, bytesOf(String(epoch), words));
  const records: KafkaRecord[] = [{ topic: topics.events, key, value, headers }];
  const view = viewOf(message, topics);
  if (view !== null) records.push({ topic: view, key, value, headers });
  const { metrics } = topics;
  if (metrics === null) return records;
  for (const [index, metric] of message.m.entries()) {
    const record = metricRecord(message, metric, index);
    records.push({
      topic: metrics,
      key,
      value: Buffer.from(JSON.stringify(record)),
      headers: new Map(headers).set(names.id, Buffer.from(record.id)).set(names.index, bytesOf(String(index), words)),
    });
  }
  return records;
}

function viewOf({ kind, m }: Message, { changes, alarms, results }: Topics): string | null {
  if (kind === 'change') return changes;
  if (kind === 'result') return results;
  return isAlarm(kind, m) ? alarms : null;
}

function headersOf({ id, gw, boot, seq, hist }: Message, lane: Lane, words: Words): Map<Buffer, Buffer> {
  return new Map([
    [names.id, Buffer.from(id)],
    [names.gateway, bytesOf(gw, words)],
    [names.boot, bytesOf(String(boot), words)],
    [names.sequence, Buffer.from(String(seq))],
    [names.hist, bytesOf(String(hist), words)],
    [names.lane, bytesOf(lane, words)],
  ]);
}

/**
 * A measurement as an OpenTelemetry data point ("Metrics Data Model", gauge and sum): Home Assistant's `total` may go
 * down, `total_increasing` may not; both count from the series' start.
 */
export function metricRecord(message: Message, metric: Metric, index: number): MetricRecord {
  const { n, u, c, st, q } = metric;
  const endpoint = metric.ep ?? message.dev.ep;
  const { site, room } = message.place ?? {};
  const attributes = {
    ...(endpoint !== undefined && { endpoint }),
    ...(site !== undefined && { site }),
    ...(room !== undefined && { room }),
  };
  const semantics = { type: 'sum', temporality: 'cumulative', monotonic: c === 'total_increasing' } as const;
  return {
    v: 1,
    id: `${message.id}-${index}`,
    gw: message.gw,
    boot: message.boot,
    seq: message.seq,
    device: message.dev.id,
    name: n,
    ...(u !== undefined && { unit: u }),
    ...(c === undefined ? { type: 'gauge' } : semantics),
    ...(st !== undefined && { start: st }),
    time: message.ts,
    received: message.rts,
    clock: message.clk,
    value: metric.v ?? metric.vb ?? metric.vs ?? null,
    ...(q !== undefined && { quality: q }),
    hist: message.hist,
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}

/** A dead letter under its own id, which counts up per gateway. */
export function deadLetterRecord(
  letter: Pick<DeadLetterRecord, 'id' | 'sink' | 'device' | 'plugin' | 'topic' | 'code' | 'detail'> & {
    readonly receivedAt: number;
    readonly sample: Uint8Array;
  },
  { gateway, epoch }: { readonly gateway: string; readonly epoch?: number | undefined },
  topic: string,
): KafkaRecord {
  const { id, sink, device, plugin, code, detail } = letter;
  const record: DeadLetterRecord = {
    v: 1,
    id,
    gw: gateway,
    sink,
    device,
    plugin,
    topic: letter.topic,
    code,
    detail,
    received: letter.receivedAt,
    sample: Buffer.from(letter.sample).toString('base64'),
  };
  const headers = new Map([
    [names.id, Buffer.from(`${gateway}-${id}`)],
    [names.gateway, Buffer.from(gateway)],
  ]);
  if (epoch !== undefined) headers.set(names.epoch, Buffer.from(String(epoch)));
  return { topic, key: Buffer.from(device), value: Buffer.from(JSON.stringify(record)), headers };
}
