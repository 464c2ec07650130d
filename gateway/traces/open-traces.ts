import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from 'pino';
import type { Message } from '../../contracts/message.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import type { Sink } from '../../contracts/sink.ts';
import type { Clock } from '../lib/clock.ts';
import { deliveryId, originOf, watchSink } from './delivery-way.ts';
import { isSampled, rootOf, traceparent, type Origin, type Root } from './ids.ts';
import { openMessageWay } from './message-way.ts';
import { openSpanQueue, type SpanQueueParts } from './span-queue.ts';
import { steadyWall } from './steady-wall.ts';
import { tracedLog } from './traced-log.ts';

export interface TraceOptions {
  /** The gateway's name. */
  readonly gateway: string;
  readonly version: string;
  /** Share of the messages that are traced, above 0 and at most 1. */
  readonly ratio: number;
}

export interface TraceDeps {
  readonly post: SpanQueueParts['post'];
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * One trace for each sampled message, from its arrival to the answers of the sinks. What is watched works as it does
 * without. Dispose it after the stages: it sends what they left, for two seconds at most.
 */
export interface Traces extends AsyncDisposable {
  watchIngest(ingest: Ingest): Ingest;
  watchSink(sink: Sink): Sink;
  /** The header with which a sink's far side continues the trace; undefined for what did not come of one message. */
  traceparentOf(message: Message, sink: string): string | undefined;
  /** The gateway's log, with the ids of traces in what it says of traced messages. */
  readonly log: Logger;
}

export function openTraces({ gateway, version, ratio }: TraceOptions, deps: TraceDeps): Traces {
  const inside = new AsyncLocalStorage<Root>();
  const now = steadyWall(deps.clock);
  const traceOf = (origin: Origin): Root | undefined => {
    const root = rootOf(gateway, origin);
    return isSampled(root, ratio) ? root : undefined;
  };
  const log = tracedLog(deps.log, traceOf, inside);
  const queue = openSpanQueue({ resource: { gateway, version }, post: deps.post, log: deps.log });
  const push = queue.push.bind(queue);
  const messages = openMessageWay({ traceOf, now, push, log });
  return {
    log,
    watchIngest: (ingest) => messages.watch(ingest),
    watchSink: (sink) => watchSink(sink, { traceOf, now, push, inside }),
    traceparentOf(message, sink) {
      const origin = originOf(message);
      if (origin === undefined) return undefined;
      const root = rootOf(gateway, origin);
      return traceparent(root, deliveryId(root, sink, message), isSampled(root, ratio));
    },
    async [Symbol.asyncDispose]() {
      messages[Symbol.dispose]();
      await queue[Symbol.asyncDispose]();
    },
  };
}
