import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from 'pino';
import type { Origin, Root } from './ids.ts';

/**
 * The same log, in which an entry about a traced message carries `trace_id` and `span_id`: one with `topic` and
 * `receivedAt`, and what a sink says while it writes a batch, which is the trace of the first traced record in it.
 */
export function tracedLog(log: Logger, traceOf: (origin: Origin) => Root | undefined, inside: AsyncLocalStorage<Root>) {
  const rootOf = ({ topic, receivedAt }: { topic?: unknown; receivedAt?: unknown }): Root | undefined =>
    typeof topic === 'string' && typeof receivedAt === 'number' ? traceOf({ topic, receivedAt }) : inside.getStore();
  return log.child(
    {},
    {
      formatters: {
        log(entry) {
          const root = rootOf(entry);
          return root === undefined ? entry : { ...entry, trace_id: root.traceId, span_id: root.spanId };
        },
      },
    },
  );
}
