import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { z } from 'zod';

const attribute = z.strictObject({
  key: z.string().min(1),
  value: z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
    z.strictObject({ doubleValue: z.number() }),
  ]),
});
const nanos = z.string().regex(/^\d{19}$/);
const id = (digits: number) => z.string().regex(new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`));

/** `ExportTraceServiceRequest` of opentelemetry-proto 1.x in JSON; a field that it does not have is an error. */
const request = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string() }),
          spans: z.array(
            z.strictObject({
              traceId: id(32),
              spanId: id(16),
              parentSpanId: id(16).optional(),
              name: z.string().min(1),
              kind: z.int().min(1).max(5),
              startTimeUnixNano: nanos,
              endTimeUnixNano: nanos,
              attributes: z.array(attribute),
              events: z.array(
                z.strictObject({ name: z.string(), timeUnixNano: nanos, attributes: z.array(attribute) }),
              ),
              droppedEventsCount: z.int().optional(),
              status: z.strictObject({ code: z.int().min(1).max(2).optional(), message: z.string().optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
});
type Request = z.infer<typeof request>;
export type CollectedSpan = Request['resourceSpans'][number]['scopeSpans'][number]['spans'][number];

/** A collector for OTLP over HTTP in JSON, which takes what is of that form and answers 400 to the rest. */
export interface Collector {
  /** For `traces.endpoint` of a configuration. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Headers of the requests. */
  readonly headers: readonly Readonly<Record<string, unknown>>[];
  /** What was not of that form. */
  readonly faults: readonly string[];
}

export async function startCollector(t: TestContext): Promise<Collector> {
  const [spans, headers, faults]: [CollectedSpan[], Record<string, unknown>[], string[]] = [[], [], []];
  const server = createServer((asked, answer) => {
    void text(asked).then((body) => {
      headers.push(asked.headers);
      const read = request.safeParse(asked.url === '/v1/traces' ? JSON.parse(body) : undefined);
      if (!read.success) faults.push(`${asked.method} ${asked.url}: ${read.error.message}`);
      for (const { scopeSpans } of read.data?.resourceSpans ?? [])
        spans.push(...scopeSpans.flatMap((one) => one.spans));
      answer.writeHead(read.success ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, headers, faults };
}
