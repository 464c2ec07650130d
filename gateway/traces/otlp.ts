import type { Attributes, Span } from './span.ts';

/** Who sends. */
export interface Resource {
  /** The gateway's name. */
  readonly gateway: string;
  readonly version: string;
}

const mostCharacters = 256;
const errorStatus = 2;

/**
 * The body of `POST /v1/traces`: an ExportTraceServiceRequest in the JSON of OTLP 1.x ("JSON Protobuf Encoding": ids in
 * hex, enums as numbers, 64 bit numbers as text).
 */
export function exportRequest(spans: readonly Span[], { gateway, version }: Resource): string {
  const attributes = attributesOf({
    'service.name': 'portcullis',
    'service.instance.id': gateway,
    'service.version': version,
  });
  const scopeSpans = [{ scope: { name: 'portcullis' }, spans: spans.map(spanOf) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans }] });
}

function spanOf({ parentId, startMs, endMs, attributes, events = [], lostEvents, error, ...rest }: Span): object {
  return {
    ...rest,
    parentSpanId: parentId,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: attributesOf(attributes),
    events: events.map(({ name, atMs, attributes: told }) => ({
      name,
      timeUnixNano: nanos(atMs),
      attributes: attributesOf(told),
    })),
    droppedEventsCount: lostEvents,
    status: error === undefined ? {} : { code: errorStatus, message: cut(error) },
  };
}

/** Microseconds are what the clock has; three digits more are what the format wants. */
const nanos = (ms: number): string => `${Math.round(ms * 1_000)}000`;

const cut = (text: string): string => text.slice(0, mostCharacters);

function attributesOf(all: Attributes): object[] {
  return Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: valueOf(value) }]));
}

function valueOf(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: cut(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
