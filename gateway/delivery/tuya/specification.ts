import { z } from 'zod';
import type { DataPoint } from './data-points.ts';

/** Tuya, "Get Device Specification": `values` is a JSON text inside the JSON. */
const pointSchema = z.object({
  code: z.string().min(1).max(128),
  type: z.string(),
  values: z.string().max(65_536).optional(),
});
const specificationSchema = z.object({
  functions: z.array(pointSchema).max(1_000).default([]),
  status: z.array(pointSchema).max(1_000).default([]),
});

const integer = z.object({
  min: z.number(),
  max: z.number(),
  scale: z.int().min(0).max(9),
  step: z.number().positive(),
});
const choice = z.object({ range: z.array(z.string()).min(1) });
const text = z.object({ maxlen: z.int().min(1) });

/** The data points of a specification; one whose values are not told in full is left out, and reported as it is. */
export function pointsIn(specification: unknown): [string, DataPoint][] | undefined {
  const parsed = specificationSchema.safeParse(specification);
  if (!parsed.success) return undefined;
  const { functions, status } = parsed.data;
  return [...functions, ...status].flatMap(({ code, type, values }): [string, DataPoint][] => {
    const point = pointOf(type, parseJson(values ?? '{}'));
    return point === undefined ? [] : [[code, point]];
  });
}

function pointOf(type: string, values: unknown): DataPoint | undefined {
  switch (type) {
    case 'Boolean':
      return { type: 'bool' };
    case 'Integer': {
      const told = integer.safeParse(values);
      return told.success ? { type: 'value', ...told.data } : undefined;
    }
    case 'Enum': {
      const told = choice.safeParse(values);
      return told.success ? { type: 'enum', range: told.data.range } : undefined;
    }
    case 'String': {
      const told = text.safeParse(values);
      return told.success ? { type: 'string', maxLength: told.data.maxlen } : undefined;
    }
    default:
      return undefined;
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
