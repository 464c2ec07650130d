import { kinds } from '../../contracts/message.ts';
import type { Reading, ReadingMetric } from '../../contracts/plugin.ts';

const maxMetrics = 1_024;
const maxName = 256;
const maxText = 16 * 1024;
const knownKinds: ReadonlySet<string> = new Set(kinds);

/**
 * What is wrong with a reading, in words, or nothing. A plugin's types are checked when it is built, but what it copies
 * from a payload is whatever a device sent.
 */
export function whatIsWrong(reading: Reading): string | undefined {
  if (!isName(reading.device)) return `the device id must be a text of 1 to ${maxName} characters`;
  if (reading.ep !== undefined && !isName(reading.ep)) return 'the endpoint must be a short text';
  if (!knownKinds.has(reading.kind)) return 'the kind is unknown';
  if (!Array.isArray(reading.metrics)) return 'metrics must be a list';
  if (reading.metrics.length > maxMetrics) return `more than ${maxMetrics} metrics`;
  if (reading.metrics.length === 0 && reading.meta === undefined) return 'neither metrics nor metadata';
  for (const metric of reading.metrics) {
    const wrong = whatIsWrongWith(metric);
    if (wrong !== undefined) return `metric ${String(metric.n).slice(0, 64)}: ${wrong}`;
  }
  for (const [key, value] of Object.entries(reading.meta ?? {})) {
    if (!isScalar(value)) return `metadata ${key.slice(0, 64)} must be one number, boolean or short text`;
  }
  return undefined;
}

function whatIsWrongWith({ n, ep, value, q, raw }: ReadingMetric): string | undefined {
  if (!isName(n)) return `the name must be a text of 1 to ${maxName} characters`;
  if (ep !== undefined && (typeof ep !== 'string' || ep.length > 64)) return 'the endpoint is too long';
  if (value === undefined && q === undefined) return 'neither a value nor a reason for its absence';
  if (value !== undefined && (value === null || !isScalar(value)))
    return 'the value must be a number, a boolean or a text';
  if (raw !== undefined && !isScalar(raw)) return 'the raw value must be a number, a boolean or a text';
  return undefined;
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && name.length > 0 && name.length <= maxName;
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= maxText;
  return value === null || typeof value === 'number' || typeof value === 'boolean';
}
