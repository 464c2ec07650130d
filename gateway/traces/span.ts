/** The kinds of OpenTelemetry that are used here, by their numbers in OTLP. */
export const kinds = { internal: 1, producer: 4, consumer: 5 } as const;

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}

/** A span that has ended. Times are wall time in milliseconds with fractions. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly name: string;
  readonly kind: (typeof kinds)[keyof typeof kinds];
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events?: readonly SpanEvent[];
  /** Events beyond the bound. */
  readonly lostEvents?: number;
  /** Why it ended badly; a code or a word, never a payload. */
  readonly error?: string | undefined;
}
