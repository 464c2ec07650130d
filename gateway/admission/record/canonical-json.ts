import type { Json } from '../../../contracts/plugin.ts';
import { compareText } from '../source-tree.ts';

/** JSON with sorted keys and no spaces: one text per value, for hashes and signatures. Absent keys are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value as Json));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as Record<string, Json>).sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
