import type { Message, Metric } from '../../../contracts/message.ts';
import { answerOf, type CommandAnswer } from './command-answer.ts';
import { codeOf, emptyProduct, fit, type DataValue, type Loss, type Product } from './data-points.ts';
import { changeOf, type DeviceChange } from './device-change.ts';

/** Body of `property/report`: the newest value per code and its source time in milliseconds. */
export type PropertyData = Record<string, { readonly value: DataValue; readonly time: number }>;

/** Body of `event/report`. */
export interface EventData {
  readonly event_code: string;
  readonly event_time: number;
  readonly output_params: Readonly<Record<string, DataValue>>;
}

/** What one message becomes for the cloud. `losses` counts what its values lost on the way, by kind. */
export type Projected =
  | { readonly as: 'report'; readonly data: PropertyData; readonly losses: readonly (Loss | 'no_value')[] }
  | { readonly as: 'event'; readonly data: EventData }
  | { readonly as: 'presence'; readonly online: boolean }
  | { readonly as: 'registration' }
  | { readonly as: 'change'; readonly change: DeviceChange }
  | { readonly as: 'answer'; readonly answer: CommandAnswer }
  /** Has no place at this cloud; `why` is a word for the metric. */
  | { readonly as: 'skip'; readonly why: string }
  | { readonly as: 'refused'; readonly reason: string };

/** A device that the gateway knows from this cloud only, which has all of it already, also its changes here. */
const isNative = ({ dev }: Message): boolean => dev.id.startsWith('tuya:');

/** Whether a message carries values that depend on the product. */
export function hasValues(message: Message): boolean {
  const { kind, m } = message;
  const other = kind === 'change' || kind === 'result' || kind === 'registration' || kind === 'availability';
  return !other && !isNative(message) && m.length > 0;
}

/**
 * Projects a message. Metrics without a usable value (`q`) have no place in a property report; a message that has
 * nothing else becomes the event `no_value`, with the reason per code, so that the cloud hears of it.
 */
export function project(message: Message, product: Product = emptyProduct): Projected {
  if (isNative(message)) return { as: 'skip', why: 'native' };
  switch (message.kind) {
    case 'change':
      return changeOf(message);
    case 'result':
      return answerOf(message);
    case 'availability':
      return presenceOf(message) ?? reportOf(message, product);
    case 'registration':
      return { as: 'registration' };
    case 'alarm':
      return message.alarm === undefined ? { as: 'event', data: eventOf(message, product) } : alarmOf(message);
    case 'event':
      return { as: 'event', data: eventOf(message, product) };
    default:
      return reportOf(message, product);
  }
}

/** An alarm is an event of its device with the name of its code; this cloud knows nothing that is no device. */
function alarmOf({ dev, ts, alarm }: Message): Projected {
  if (alarm === undefined || dev.id !== alarm.subject) return { as: 'skip', why: 'alarm' };
  const { code, id, severity, state, count, detail } = alarm;
  const params = { alarm: id, severity, state, count, detail };
  return { as: 'event', data: { event_code: code.replace(/\W/g, '_'), event_time: ts, output_params: params } };
}

function reportOf(message: Message, product: Product): Projected {
  const data: PropertyData = Object.create(null);
  const losses: (Loss | 'no_value')[] = [];
  for (const [code, metric] of coded(message, product)) {
    const value = valueOf(metric);
    if (value === undefined) losses.push('no_value');
    if (value === undefined) continue;
    const point = product.points.get(code);
    const fitted = point === undefined ? { value } : fit(value, point);
    if (fitted === undefined) return { as: 'refused', reason: `${code}: ${String(value)} is no ${point?.type}` };
    if ('loss' in fitted && fitted.loss !== undefined) losses.push(fitted.loss);
    data[code] = { value: fitted.value, time: message.ts };
  }
  if (Object.keys(data).length > 0) return { as: 'report', data, losses };
  return { as: 'event', data: { ...eventOf(message, product), event_code: 'no_value' } };
}

/** Presence is never guessed: a message that says more, or nothing clear, is reported like any other. */
function presenceOf(message: Message): Projected | undefined {
  const words = message.m.filter((metric) => metric.n === 'availability' && metric.vb !== undefined);
  if (words.length === 0 || words.length < message.m.length) return undefined;
  return { as: 'presence', online: words.every((metric) => metric.vb) };
}

function eventOf(message: Message, product: Product): EventData {
  const params: Record<string, DataValue> = Object.create(null);
  for (const [code, metric] of coded(message, product)) params[code] = valueOf(metric) ?? metric.q ?? '';
  const action = message.m.find((metric) => metric.n === 'action')?.vs;
  const code = action || message.m[0]?.n || message.kind;
  return { event_code: code.replace(/\W/g, '_').slice(0, 64), event_time: message.ts, output_params: params };
}

/** Codes of one message, each once: two names that differ only in signs get `_2`, `_3` behind them. */
function* coded(message: Message, product: Product): Generator<readonly [string, Metric]> {
  const used = new Map<string, number>();
  for (const metric of message.m) {
    const code = codeOf(metric.n, metric.ep ?? message.dev.ep, product);
    const times = (used.get(code) ?? 0) + 1;
    used.set(code, times);
    yield [times === 1 ? code : `${code}_${times}`, metric];
  }
}

const valueOf = (metric: Metric): DataValue | undefined => metric.v ?? metric.vb ?? metric.vs;
