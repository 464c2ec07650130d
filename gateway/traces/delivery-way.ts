import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Message } from '../../contracts/message.ts';
import type { Batch, Sink, Verdict, WriteResult } from '../../contracts/sink.ts';
import { childId, type Origin, type Root } from './ids.ts';
import { kinds, type Span, type SpanEvent } from './span.ts';

export interface DeliveryWayParts {
  readonly traceOf: (origin: Origin) => Root | undefined;
  readonly now: () => number;
  readonly push: (span: Span) => void;
  /** What is logged inside belongs to this trace. */
  readonly inside: AsyncLocalStorage<Root>;
}

/** A record that a sink did not take yet. */
interface Underway {
  readonly startMs: number;
  readonly events: SpanEvent[];
  lostEvents: number;
}

export const deliveryBounds = { maxUnderway: 2_000, maxEvents: 16 };

/**
 * What a record is to a trace; undefined for one that did not come of one message: the gateway's own, and windows of
 * roll-ups.
 */
export function originOf({ src, rts, m }: Message): Origin | undefined {
  if (src.proto === 'gateway' || m.some(({ n }) => n.endsWith('.count'))) return undefined;
  return { topic: src.topic, receivedAt: rts };
}

/** The span under which a sink takes a record. */
export const deliveryId = (root: Root, sink: string, { id }: Message): string => childId(root, `${sink} ${id}`);

/**
 * The second half of a trace, one span for each record and sink: from the first try to the answer. A try that was in
 * vain is an event in it. The sink that is watched is called as it would be without.
 */
export function watchSink(sink: Sink, { traceOf, now, push, inside }: DeliveryWayParts): Sink {
  const underway = new Map<string, Underway>();

  const begin = ({ id }: Message): Underway => {
    const begun = underway.get(id) ?? { startMs: now(), events: [], lostEvents: 0 };
    if (underway.size < deliveryBounds.maxUnderway) underway.set(id, begun);
    return begun;
  };

  const inVain = (one: Traced, reason: string): void => {
    const { events } = one.state;
    if (events.length < deliveryBounds.maxEvents) events.push({ name: 'retry', atMs: now(), attributes: { reason } });
    else one.state.lostEvents += 1;
  };

  const end = ({ message, root, state }: Traced, lane: string, verdict: Verdict): void => {
    underway.delete(message.id);
    push({
      traceId: root.traceId,
      spanId: deliveryId(root, sink.name, message),
      parentId: root.spanId,
      name: `deliver ${sink.name}`,
      kind: kinds.producer,
      startMs: state.startMs,
      endMs: now(),
      attributes: {
        'messaging.system': sink.name,
        'messaging.operation.type': 'send',
        'messaging.message.id': message.id,
        'portcullis.lane': lane,
        'portcullis.hist': message.hist,
      },
      events: state.events,
      lostEvents: state.lostEvents,
      error: verdict.is === 'reject' ? verdict.code : undefined,
    });
  };

  const traced = ({ items }: Batch): Traced[] =>
    items.flatMap(({ message }, index) => {
      const origin = originOf(message);
      const root = origin && traceOf(origin);
      return root === undefined ? [] : [{ index, message, root, state: begin(message) }];
    });

  const settle = (all: readonly Traced[], { lane }: Batch, { verdicts, pause }: WriteResult): void => {
    for (const one of all) {
      const verdict = verdicts[one.index];
      if (verdict === undefined) inVain(one, pause?.reason ?? 'kept');
      else if (verdict.is === 'keep') inVain(one, verdict.own ?? pause?.reason ?? 'kept');
      else end(one, lane, verdict);
    }
  };

  const write: Sink['write'] = async (batch, signal) => {
    const all = traced(batch);
    const [first] = all;
    if (first === undefined) return sink.write(batch, signal);
    try {
      const result = await inside.run(first.root, () => sink.write(batch, signal));
      // Nobody waits any more: the records come again, and that try has the answer.
      if (signal.aborted) settle(all, batch, { verdicts: [], pause: { reason: 'late', forMs: 'transient' } });
      else settle(all, batch, result);
      return result;
    } catch (error) {
      settle(all, batch, { verdicts: [], pause: { reason: 'sink fault', forMs: 'transient' } });
      throw error;
    }
  };

  return {
    name: sink.name,
    limits: sink.limits,
    connect: (signal) => sink.connect(signal),
    write,
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

interface Traced {
  readonly index: number;
  readonly message: Message;
  readonly root: Root;
  readonly state: Underway;
}
