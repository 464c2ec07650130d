import type { Message, Metric } from '../../../contracts/message.ts';
import { answerOf, type CommandAnswer } from './command-answer.ts';
import { changeOf, type DeviceChange } from './device-change.ts';

/** What a product says about one of its data points (Tuya, "Data Type"): shown value = raw / 10^scale. */
export type CodeDefinition =
  | {
      readonly type: 'value';
      readonly scale?: number | undefined;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
      readonly step?: number | undefined;
    }
  | {
      readonly type: 'enum';
      readonly range: readonly string[];
      readonly map?: Readonly<Record<string, string>> | undefined;
    }
  | { readonly type: 'bool' }
  | { readonly type: 'string'; readonly maxLength: number };

/** Definitions by data point code; a code without one is reported as it is. */
export type ProductDefinition = ReadonlyMap<string, CodeDefinition>;

export type DataValue = number | boolean | string;

/** Body of `property/report`: the newest value per code and its source time in milliseconds. */
export type PropertyData = Record<string, { readonly value: DataValue; readonly time: number }>;

/** Body of `event/report`. */
export interface EventData {
  readonly event_code: string;
  readonly event_time: number;
  readonly output_params: Readonly<Record<string, DataValue>>;
}

/** What one message becomes for the cloud. */
export type Projected =
  | { readonly as: 'report'; readonly data: PropertyData }
  | { readonly as: 'event'; readonly data: EventData }
  | { readonly as: 'presence'; readonly online: boolean }
  | { readonly as: 'registration' }
  | { readonly as: 'change'; readonly change: DeviceChange }
  | { readonly as: 'answer'; readonly answer: CommandAnswer }
  /** Has no place at this cloud; `why` is a word for the metric. */
  | { readonly as: 'skip'; readonly why: string }
  | { readonly as: 'refused'; readonly reason: string };

/** Protocol word of devices that the gateway knows from this cloud only: it has all of that already. */
const nativeProto = 'tuya';

const noDefinitions: ProductDefinition = new Map();

/** Code of a metric: its name with everything but letters, digits and `_` made `_`, and the endpoint behind it. */
export function codeOf(metric: Metric, endpoint?: string): string {
  const ep = metric.ep ?? endpoint;
  return (ep === undefined ? metric.n : `${metric.n}_${ep}`).replace(/\W/g, '_');
}

/**
 * Projects a message. Metrics without a usable value (`q`) have no place in a property report; a message that has
 * nothing else becomes the event `no_value`, with the reason per code, so that the cloud hears of it.
 */
export function project(message: Message, definitions: ProductDefinition = noDefinitions): Projected {
  if (message.src.proto === nativeProto) return { as: 'skip', why: 'native' };
  switch (message.kind) {
    case 'change':
      return changeOf(message);
    case 'result':
      return answerOf(message);
    case 'availability':
      return presenceOf(message) ?? reportOf(message, definitions);
    case 'registration':
      return { as: 'registration' };
    case 'event':
    case 'alarm':
      return { as: 'event', data: eventOf(message) };
    default:
      return reportOf(message, definitions);
  }
}

function reportOf(message: Message, definitions: ProductDefinition): Projected {
  const data: PropertyData = Object.create(null);
  for (const [code, metric] of coded(message)) {
    const value = valueOf(metric);
    if (value === undefined) continue;
    const definition = definitions.get(code);
    const fitted = definition === undefined ? value : fit(value, definition);
    if (fitted === undefined) return { as: 'refused', reason: `${code}: ${String(value)} is no ${definition?.type}` };
    data[code] = { value: fitted, time: message.ts };
  }
  if (Object.keys(data).length > 0) return { as: 'report', data };
  return { as: 'event', data: { ...eventOf(message), event_code: 'no_value' } };
}

/** Presence is never guessed: a message that says more, or nothing clear, is reported like any other. */
function presenceOf(message: Message): Projected | undefined {
  const words = message.m.filter((metric) => metric.n === 'availability' && metric.vb !== undefined);
  if (words.length === 0 || words.length < message.m.length) return undefined;
  return { as: 'presence', online: words.every((metric) => metric.vb) };
}

function eventOf(message: Message): EventData {
  const params: Record<string, DataValue> = Object.create(null);
  for (const [code, metric] of coded(message)) params[code] = valueOf(metric) ?? metric.q ?? '';
  const action = message.m.find((metric) => metric.n === 'action')?.vs;
  const code = action || message.m[0]?.n || message.kind;
  return { event_code: code.replace(/\W/g, '_').slice(0, 64), event_time: message.ts, output_params: params };
}

/** Codes of one message, each once: two names that differ only in signs get `_2`, `_3` behind them. */
function* coded(message: Message): Generator<readonly [string, Metric]> {
  const used = new Map<string, number>();
  for (const metric of message.m) {
    const code = codeOf(metric, message.dev.ep);
    const times = (used.get(code) ?? 0) + 1;
    used.set(code, times);
    yield [times === 1 ? code : `${code}_${times}`, metric];
  }
}

const valueOf = (metric: Metric): DataValue | undefined => metric.v ?? metric.vb ?? metric.vs;

/** The value as the product wants it, or undefined when it cannot be. */
function fit(value: DataValue, definition: CodeDefinition): DataValue | undefined {
  switch (definition.type) {
    case 'value':
      return typeof value === 'number' ? toGrid(value, definition) : undefined;
    case 'enum': {
      const word = definition.map?.[String(value)] ?? String(value);
      return definition.range.includes(word) ? word : undefined;
    }
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    default:
      return String(value).slice(0, definition.maxLength);
  }
}

/**
 * `clamp(round(v × 10^scale), min, max)` on the step grid that begins at `min`. The remainder is lost on purpose: the
 * nearest grid point is reported, halves go up, and never one beyond `max`. Kafka and the buffer keep the exact value.
 */
function toGrid(value: number, definition: Extract<CodeDefinition, { type: 'value' }>): number {
  const { scale = 0, step = 1, min = -Infinity, max = Infinity } = definition;
  const origin = Number.isFinite(min) ? min : 0;
  const scaled = Math.min(max, Math.max(min, value * 10 ** scale));
  const raw = origin + Math.round((scaled - origin) / step) * step;
  return raw > max ? raw - step : raw;
}
