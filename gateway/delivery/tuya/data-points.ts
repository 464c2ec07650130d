import { z } from 'zod';

/** What a product says about one of its data points (Tuya, "Data Type"): shown value = raw / 10^scale. */
type PointType =
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
  | { readonly type: 'string'; readonly maxLength: number }
  /** Reported as it is; names only the metric. */
  | { readonly type: 'any' };

/** `metric` and `ep` say which of our metrics it stands for, where the code itself does not. */
export type DataPoint = PointType & { readonly metric?: string | undefined; readonly ep?: string | undefined };

/** Definitions by data point code; a code without one is reported as it is. */
export interface Product {
  readonly points: ReadonlyMap<string, DataPoint>;
  /** Code of a metric, by `metric` or `metric\nep`, where a definition names it. */
  readonly codes: ReadonlyMap<string, string>;
}

const dataValue = z.union([z.number(), z.boolean(), z.string()]);
export type DataValue = z.infer<typeof dataValue>;

export function productOf(points: Iterable<readonly [string, DataPoint]>): Product {
  const known = new Map(points);
  const codes = new Map<string, string>();
  for (const [code, { metric, ep }] of known) {
    if (metric !== undefined) codes.set(ep === undefined ? metric : `${metric}\n${ep}`, code);
  }
  return { points: known, codes };
}

export const emptyProduct: Product = productOf([]);

const asCode = (text: string): string => text.replace(/\W/g, '_');

/**
 * Code of a metric: what the product says, else its name with everything but letters, digits and `_` made `_`, and the
 * endpoint behind it.
 */
export function codeOf(name: string, ep: string | undefined, { codes }: Product = emptyProduct): string {
  const named = codes.get(`${name}\n${ep}`) ?? codes.get(name);
  return named ?? asCode(ep === undefined ? name : `${name}_${ep}`);
}

/** What a value lost on its way to a data point; undefined when nothing. */
export type Loss = 'rounded' | 'clamped' | 'cut';

export interface Fitted {
  readonly value: DataValue;
  readonly loss?: Loss | undefined;
}

/** The value as the product wants it, or undefined when it cannot be. */
export function fit(value: DataValue, point: DataPoint): Fitted | undefined {
  switch (point.type) {
    case 'value':
      return typeof value === 'number' ? toGrid(value, point) : undefined;
    case 'enum': {
      const word = point.map?.[String(value)] ?? String(value);
      return point.range.includes(word) ? { value: word } : undefined;
    }
    case 'bool':
      return typeof value === 'boolean' ? { value } : undefined;
    case 'any':
      return { value };
    default: {
      const text = String(value);
      return text.length > point.maxLength ? { value: text.slice(0, point.maxLength), loss: 'cut' } : { value: text };
    }
  }
}

/**
 * `clamp(round(v × 10^scale), min, max)` on the step grid that begins at `min`. The remainder is lost on purpose: the
 * nearest grid point is reported, halves go up, and never one beyond `max`. Kafka and the buffer keep the exact value.
 */
function toGrid(value: number, point: Extract<DataPoint, { type: 'value' }>): Fitted {
  const { scale = 0, step = 1, min = -Infinity, max = Infinity } = point;
  const origin = Number.isFinite(min) ? min : 0;
  const wanted = value * 10 ** scale;
  const scaled = Math.min(max, Math.max(min, wanted));
  const near = origin + Math.round((scaled - origin) / step) * step;
  const raw = near > max ? near - step : near;
  if (scaled !== wanted) return { value: raw, loss: 'clamped' };
  // Scaling itself is not exact in binary: 19.3 × 10 is 193.00000000000003 at most by a few units in the last place.
  const exact = Math.abs(raw - wanted) <= Math.abs(wanted) * 8 * Number.EPSILON;
  return exact ? { value: raw } : { value: raw, loss: 'rounded' };
}

/** What a raw value of the cloud means here, or undefined when the data point has no such value. */
function unfit(raw: unknown, point: DataPoint): DataValue | undefined {
  switch (point.type) {
    case 'value': {
      const { scale = 0, min = -Infinity, max = Infinity } = point;
      return typeof raw === 'number' && raw >= min && raw <= max ? raw / 10 ** scale : undefined;
    }
    case 'enum': {
      if (typeof raw !== 'string' || !point.range.includes(raw)) return undefined;
      return Object.entries(point.map ?? {}).find(([, word]) => word === raw)?.[0] ?? raw;
    }
    case 'bool':
      return typeof raw === 'boolean' ? raw : undefined;
    case 'any':
      return dataValue.safeParse(raw).data;
    default:
      return typeof raw === 'string' ? raw : undefined;
  }
}

/** What the cloud wants set, in our words and units. */
export interface LocalValue {
  readonly metric: string;
  readonly ep: string | undefined;
  readonly value: DataValue;
}

/**
 * The way back: which of the metrics `among` a code stands for, with its value as the gateway speaks of it. Undefined
 * when the code stands for none of them, or when the value is none that the data point has.
 */
export function toLocal(
  code: string,
  raw: unknown,
  { points }: Product,
  among: readonly string[],
): LocalValue | undefined {
  const point = points.get(code);
  const value = point === undefined ? dataValue.safeParse(raw).data : unfit(raw, point);
  if (value === undefined) return undefined;
  if (point?.metric !== undefined) {
    return among.includes(point.metric) ? { metric: point.metric, ep: point.ep, value } : undefined;
  }
  const metric = among.find((name) => code === asCode(name) || code.startsWith(`${asCode(name)}_`));
  if (metric === undefined) return undefined;
  return { metric, ep: code.length === metric.length ? undefined : code.slice(metric.length + 1), value };
}
