import { isMetricWord, metricWords } from './metric-words.ts';
import { spellings, unitTable, type Unit } from './unit-table.ts';

export type { Unit } from './unit-table.ts';

const folds: Readonly<Record<string, string>> = { '³': '3', '²': '2', µ: 'u', μ: 'u', '℃': '°C', '℉': '°F', '⋅': '·' };
const foldable = /[³²µμ℃℉⋅]/g;

const bySpelling = new Map<string, Unit>();
for (const unit of Object.keys(spellings) as Unit[]) {
  for (const spelling of [unit, ...spellings[unit]]) bySpelling.set(spelling, unit);
}

/** The unit behind a source's spelling, or undefined when the spelling is not in the table: never a guess. */
export function normaliseUnit(spelling: string): Unit | undefined {
  return bySpelling.get(spelling) ?? bySpelling.get(spelling.trim().replace(foldable, (c) => folds[c] ?? c));
}

/** The one unit in which a metric leaves the gateway, or undefined for words without unit and for unknown names. */
export function canonicalUnit(metricName: string): Unit | undefined {
  return isMetricWord(metricName) ? (metricWords[metricName] ?? undefined) : undefined;
}

/**
 * A value in another unit, or undefined when the units measure different things. Floating noise is trimmed: a result
 * keeps 15 significant digits, which every decimal of that length survives; temperatures keep ten decimals, because
 * subtracting an offset moves the noise up.
 */
export function convert(value: number, from: Unit, to: Unit): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (from === to) return value;
  if ((from === 'mired' && to === 'K') || (from === 'K' && to === 'mired')) {
    return value === 0 ? undefined : finite(Number((1e6 / value).toPrecision(15)));
  }
  const [fromDimension, fromUp, fromDown, fromOffset = 0]: readonly [string, number, number, number?] = unitTable[from];
  const [toDimension, toUp, toDown, toOffset = 0]: readonly [string, number, number, number?] = unitTable[to];
  if (fromDimension !== toDimension) return undefined;
  if (fromOffset === 0 && toOffset === 0) {
    const up = fromUp * toDown;
    const down = fromDown * toUp;
    return finite(Number(((value * up) / down).toPrecision(15)));
  }
  const base = ((value + fromOffset) * fromUp) / fromDown;
  return finite(Number(((base * toDown) / toUp - toOffset).toFixed(10)));
}

/** A huge value can overflow on its way; what is not a number afterwards is no conversion. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
