import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Ingest, Outcome } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { listen, tell, type Events } from '../observability/channels.ts';
import { childId, type Origin, type Root } from './ids.ts';
import { kinds, type Span, type SpanEvent } from './span.ts';

export interface MessageWayParts {
  /** The trace of a message; undefined for one that is not sampled. */
  readonly traceOf: (origin: Origin) => Root | undefined;
  readonly now: () => number;
  readonly push: (span: Span) => void;
  readonly log: Logger;
}

/** The first half of a trace, from the arrival of a message to its commit. Disposing stops listening. */
export interface MessageWay extends Disposable {
  /** The same ingest, looked at. */
  watch(ingest: Ingest): Ingest;
}

type Point = Events['way']['point'];

/** A sampled message that has no outcome yet: when it passed which point, and how many went with it. */
interface Passing {
  readonly root: Root;
  readonly arrivedAt: number;
  readonly passed: Map<Point, { readonly at: number; readonly together: number }>;
  readonly events: SpanEvent[];
}

const mostTries = 16;

export function openMessageWay({ traceOf, now, push, log }: MessageWayParts): MessageWay {
  // An envelope that a transport offers again is the same object; one that nobody holds any more is forgotten with it.
  const passing = new WeakMap<object, Passing>();
  const isSecond = secondsOfAMoment();

  const subscription = listen('way', ({ point, items }) => {
    for (const { waiting } of items) {
      passing.get(waiting.envelope)?.passed.set(point, { at: now(), together: items.length });
    }
  });

  const begin = (envelope: Envelope): Passing | undefined => {
    const known = passing.get(envelope);
    if (known !== undefined) return known;
    const root = traceOf(envelope);
    if (root === undefined) return undefined;
    if (isSecond(envelope)) {
      tell('dropped', { stage: 'traces', reason: 'same-moment', count: 1 });
      return undefined;
    }
    const begun = { root, arrivedAt: now(), passed: new Map(), events: [] };
    passing.set(envelope, begun);
    return begun;
  };

  const end = (envelope: Envelope, way: Passing, outcome: Outcome | undefined, error: string | undefined): void => {
    passing.delete(envelope);
    for (const span of spansOf(envelope, way, { outcome, error, endedAt: now() })) push(span);
    const { topic, receivedAt } = envelope;
    if (error === undefined) log.debug({ topic, receivedAt, ...outcome }, 'a traced message is on the disk');
    else log.info({ topic, receivedAt, code: error }, 'a traced message was not taken');
  };

  const refused = (envelope: Envelope, way: Passing, error: unknown): void => {
    const known = error instanceof PortcullisError ? error : undefined;
    const code = known?.code ?? 'INTERNAL';
    if (known?.retryable !== true) {
      end(envelope, way, undefined, code);
      return;
    }
    if (way.events.length < mostTries) way.events.push({ name: 'held', atMs: now(), attributes: { code } });
  };

  return {
    watch: (ingest) => (envelope, alongside) => {
      const way = begin(envelope);
      const outcome = ingest(envelope, alongside);
      if (way === undefined) return outcome;
      outcome.then(
        (done) => end(envelope, way, done, done.deadLettered > 0 ? 'dead letter' : undefined),
        (error: unknown) => refused(envelope, way, error),
      );
      return outcome;
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

interface End {
  readonly outcome: Outcome | undefined;
  readonly error: string | undefined;
  readonly endedAt: number;
}

/** The root from arrival to outcome, and below it what is known of decoding and commit. */
function spansOf(envelope: Envelope, { root, arrivedAt, passed, events }: Passing, { outcome, error, endedAt }: End) {
  const { traceId, spanId } = root;
  const below = (name: string, startMs: number, endMs: number, attributes: Span['attributes']): Span => {
    const own = childId(root, name);
    return { traceId, spanId: own, parentId: spanId, name, kind: kinds.internal, startMs, endMs, attributes };
  };
  const attributes = {
    'messaging.system': envelope.transport,
    'messaging.operation.type': 'receive',
    'messaging.destination.name': envelope.topic,
    'messaging.client.id': envelope.client,
    'messaging.message.body.size': envelope.payload.length,
    'portcullis.stored': outcome?.stored,
    'portcullis.filtered': outcome?.filtered,
    'portcullis.dead_lettered': outcome?.deadLettered,
  };
  const times = { startMs: arrivedAt, endMs: endedAt };
  const spans: Span[] = [
    { traceId, spanId, name: 'receive', kind: kinds.consumer, ...times, attributes, events, error },
  ];
  const [sent, decoded, handed, durable] = (['to-threads', 'from-threads', 'to-disk', 'on-disk'] as const).map(
    (point) => passed.get(point),
  );
  if (sent && decoded) {
    const waited = { 'portcullis.queue_wait_ms': sent.at - arrivedAt, 'messaging.batch.message_count': sent.together };
    spans.push(below('decode', sent.at, decoded.at, waited));
  }
  if (handed && durable) {
    spans.push(below('commit', handed.at, durable.at, { 'messaging.batch.message_count': handed.together }));
  }
  return spans;
}

/** Says of a message whether one of its topic came within the same millisecond before it: they would share a root. */
function secondsOfAMoment(): (origin: Origin) => boolean {
  const topics = new Set<string>();
  let moment = 0;
  return ({ topic, receivedAt }) => {
    if (receivedAt !== moment) topics.clear();
    moment = receivedAt;
    if (topics.has(topic)) return true;
    topics.add(topic);
    return false;
  };
}
