import {
  gather,
  isMetricWord,
  isObject,
  PortcullisError,
  type Gathering,
  type Json,
  type Reading,
  type Scalar,
} from '../../contracts/index.ts';

/** Below this a SenML time is relative to now (RFC 8428, section 4.5.3). */
const relativeBelow = 2 ** 28;
/** As many as other documents may have values. */
const maxRecords = 2_048;

type PackRecord = {
  readonly bn?: string;
  readonly bt?: number;
  readonly bu?: string;
  readonly bver?: number;
  readonly n?: string;
  readonly u?: string;
  readonly t?: number;
  readonly ut?: number;
  readonly v?: Scalar;
  readonly vb?: Scalar;
  readonly vs?: Scalar;
  readonly s?: Scalar;
};

const isText = (value: Json): boolean => typeof value === 'string';
const isNumber = (value: Json): boolean => Number.isFinite(value);
const isScalar = (value: Json): boolean => value === null || typeof value !== 'object';
const texts = ['bn', 'bu', 'n', 'u'].map((label) => [label, isText] as const);
const numbers = ['bt', 'bver', 't', 'ut'].map((label) => [label, isNumber] as const);
const values = ['v', 'vb', 'vs', 's'] as const;
const fits = new Map([...texts, ...numbers, ...values.map((label) => [label, isScalar] as const)]);

/**
 * Whether this is a SenML pack: a list of records of which each has a name and a value (RFC 8428, section 4). Some
 * senders let a record with base values alone go before. What is not quite a pack is read as any other list, whole.
 */
export function isPack(json: Json): json is readonly PackRecord[] {
  return (
    Array.isArray(json) &&
    json.every((record, at) => isObject(record) && isRecord(record, at === json.length - 1)) &&
    json.some((record) => Object.hasOwn(record, 'n') || Object.hasOwn(record, 'bn'))
  );
}

function isRecord(json: { readonly [label: string]: Json }, isLast: boolean): boolean {
  const labels = Object.keys(json);
  const isBase = !isLast && labels.every((label) => label.startsWith('b'));
  return (
    (isBase || values.some((label) => labels.includes(label))) &&
    Object.entries(json).every(([label, value]) => fits.get(label)?.(value) === true)
  );
}

/** One reading per time in the pack, the earliest first (section 4.6). Base values hold from their record on (section 4.1). */
export function readPack(pack: readonly PackRecord[], device: string, receivedAt: number): readonly Reading[] {
  if (pack.length > maxRecords) {
    throw new PortcullisError('DECODE_FAILED', `The pack has more than ${maxRecords} records.`);
  }
  const byTime = new Map<number | undefined, Gathering>();
  let base = { bn: '', bt: 0, bu: undefined as string | undefined };
  for (const record of pack) {
    const { bn = base.bn, bt = base.bt, bu = base.bu } = record;
    base = { bn, bt, bu };
    const at = momentOf(bt + (record.t ?? 0), receivedAt);
    const gathering = byTime.get(at) ?? gather('json');
    byTime.set(at, gathering);
    readRecord(record, bn + (record.n ?? ''), bu, gathering);
  }
  return [...byTime]
    .toSorted(([a = receivedAt], [b = receivedAt]) => a - b)
    .flatMap(([at, gathering]) => gathering.readings(device, undefined, at === undefined ? at : { utcMs: at }));
}

/** In milliseconds; without the sender's clock it is nothing but now. */
function momentOf(seconds: number, receivedAt: number): number | undefined {
  if (seconds === 0) return undefined;
  return Math.round(seconds * 1000 + (seconds < relativeBelow ? receivedAt : 0));
}

function readRecord(record: PackRecord, name: string, baseUnit: string | undefined, gathering: Gathering): void {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf(':')) + 1);
  const { bver, ut, u } = record;
  if (bver !== undefined) gathering.meta('bver', bver);
  if (ut !== undefined) gathering.meta(`${name}.ut`, ut);
  for (const label of values) {
    const value = record[label];
    if (value === undefined) continue;
    const unit = u ?? (label === 'v' || label === 's' ? baseUnit : undefined);
    if (label !== 's' && isMetricWord(last)) gathering.word(last, name, value, { unit });
    else gathering.other(label === 's' ? `${name}.sum` : name, value, { unit });
  }
}
