import {
  isObject,
  member,
  parseObject,
  textIn,
  textOf,
  type Envelope,
  type Json,
  type Knowledge,
  type Lesson,
} from '../../contracts/index.ts';

const topic = /^tuya\/product\/([\w-]{1,64})\/specification$/;
const maxPoints = 200;
const powersOfTen = 9;

/** How a number of a data point is to be read: shown value = raw / 10^scale. */
export interface Reading {
  readonly scale: number;
  readonly unit: string | undefined;
}

/** `tuya/product/<id>/specification`: what the cloud says of a product, whose numbers have no meaning without it. */
export function learn(envelope: Envelope): readonly Lesson[] {
  const product = topic.exec(envelope.topic)?.[1];
  if (product === undefined) return [];
  const told = parseObject(textOf(envelope.payload));
  const points = ['functions', 'status'].flatMap((list) => {
    const entries = member(told, list);
    return Array.isArray(entries) ? (entries as Json[]) : [];
  });
  const scales: Record<string, Json> = {};
  for (const point of points.slice(0, maxPoints)) {
    const code = isObject(point) ? textIn(point, 'code', 128) : undefined;
    const values = isObject(point) ? textIn(point, 'values', 4_096) : undefined;
    if (code === undefined || values === undefined || !isObject(point) || member(point, 'type') !== 'Integer') continue;
    const known = readValues(values);
    if (known !== undefined) Object.defineProperty(scales, code, { value: known, enumerable: true });
  }
  return [{ key: `product ${product}`, value: scales }];
}

/** `values` is a JSON text inside the JSON. */
function readValues(text: string): Json | undefined {
  try {
    const values = JSON.parse(text) as Json;
    if (!isObject(values)) return undefined;
    const scale = member(values, 'scale');
    if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0 || scale > powersOfTen) return undefined;
    return [scale, textIn(values, 'unit', 16) ?? null];
  } catch {
    return undefined;
  }
}

/** What is known of a number; undefined when the product was never told, and its scale must not be guessed. */
export function readingOf(knowledge: Knowledge, product: string, code: string): Reading | undefined {
  const scales = knowledge.get(`product ${product}`);
  const known = isObject(scales) ? member(scales, code) : undefined;
  if (!Array.isArray(known)) return undefined;
  const [scale, unit] = known as Json[];
  return { scale: typeof scale === 'number' ? scale : 0, unit: typeof unit === 'string' ? unit : undefined };
}
