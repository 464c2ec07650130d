import type { Metric } from '../../contracts/message.ts';
import type { ReadingMetric } from '../../contracts/plugin.ts';
import { canonicalUnit, convert, normaliseUnit } from '../../contracts/units.ts';

/**
 * A reading's metric in its canonical unit, with the source's value and unit beside it where it was converted.
 * A unit that is unknown, or that cannot be turned into the metric's own, never becomes canonical silently: the value
 * keeps its unit in `ru` and is renamed `x.<proto>.<key>`.
 */
export function convertMetric(metric: ReadingMetric, proto: string): Metric {
  const out = base(metric);
  const { value, unit } = metric;
  if (metric.q !== undefined || value === undefined) return withoutValue(out, metric);
  if (typeof value === 'boolean') {
    out.vb = value;
    return out;
  }
  if (typeof value === 'string') {
    out.vs = value;
    if (unit !== undefined) out.ru = unit.slice(0, 32);
    return out;
  }
  if (!Number.isFinite(value)) return unparsed(out, metric, String(value));
  if (unit === undefined) {
    out.v = value;
    return out;
  }
  return inCanonicalUnit(out, { value, unit, name: `x.${proto}.${metric.key}` });
}

function inCanonicalUnit(out: Metric, source: { value: number; unit: string; name: string }): Metric {
  const known = normaliseUnit(source.unit);
  const canonical = out.n.startsWith('x.') ? known : canonicalUnit(out.n);
  if (known !== undefined && canonical !== undefined) {
    const converted = known === canonical ? source.value : convert(source.value, known, canonical);
    if (converted !== undefined && Number.isFinite(converted)) {
      out.v = converted;
      out.u = canonical;
      if (known !== canonical) {
        out.raw = source.value;
        out.ru = source.unit.slice(0, 32);
      }
      return out;
    }
  }
  out.n = out.n.startsWith('x.') ? out.n : source.name.slice(0, 256);
  out.v = source.value;
  out.ru = source.unit.slice(0, 32);
  return out;
}

function withoutValue(out: Metric, metric: ReadingMetric): Metric {
  out.q = metric.q ?? 'unparsed';
  if (metric.raw !== undefined) out.raw = typeof metric.raw === 'number' ? finiteOrText(metric.raw) : metric.raw;
  const canonical = canonicalUnit(out.n);
  if (canonical !== undefined) out.u = canonical;
  if (metric.unit !== undefined && metric.unit !== canonical) out.ru = metric.unit.slice(0, 32);
  return out;
}

function unparsed(out: Metric, metric: ReadingMetric, raw: string): Metric {
  out.q = 'unparsed';
  out.raw = raw;
  if (metric.unit !== undefined) out.ru = metric.unit.slice(0, 32);
  return out;
}

function base({ n, ep, counter, seriesStart }: ReadingMetric): Metric {
  const out: Metric = { n };
  if (ep !== undefined) out.ep = ep;
  if (counter !== undefined) out.c = counter;
  if (seriesStart !== undefined && Number.isSafeInteger(Math.round(seriesStart))) out.st = Math.round(seriesStart);
  return out;
}

function finiteOrText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
