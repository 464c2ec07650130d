import { z } from 'zod';
import { isMetricWord, type MetricWord } from '../../contracts/index.ts';

/** The four tables of a station and the function that reads each (application protocol V1.1b3, section 6). */
export const readFunctions = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;

/** How many registers a value takes. */
export const widths = { bit: 1, uint16: 1, int16: 1, uint32: 2, int32: 2, float32: 2 } as const;

const word = z.custom<MetricWord>((name) => typeof name === 'string' && isMetricWord(name), 'is no word');

/**
 * One value of a station. `at` is the address in the frame, counted from 0. `order` says which register of two comes
 * first. `word` makes it a metric with a canonical name, else `name` does. `on`: the register says true by this number.
 */
const point = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_.]{0,47}$/),
  table: z.enum(['coil', 'discrete', 'holding', 'input']),
  at: z.int().min(0).max(65_535),
  as: z.enum(['bit', 'uint16', 'int16', 'uint32', 'int32', 'float32']),
  order: z.enum(['high first', 'low first']).default('high first'),
  scale: z.number().optional(),
  unit: z.string().max(16).optional(),
  word: word.optional(),
  ep: z.string().max(16).optional(),
  counter: z.enum(['total', 'total_increasing']).optional(),
  on: z.int().optional(),
  sentinel: z.number().optional(),
  writable: z.strictObject({ min: z.number(), max: z.number() }).optional(),
});
export type Point = z.infer<typeof point>;

/** What is known of a make: one table of data. `source` names the vendor's document and section. */
export const registerMap = z.strictObject({
  source: z.string().max(256),
  /** Registers, or bits, that one question may ask for. */
  most: z.int().min(1).max(125),
  points: z
    .array(point)
    .min(1)
    .max(256)
    .refine(
      (points) => points.every(({ table, as }) => (as === 'bit') === (table === 'coil' || table === 'discrete')),
      'coils and discrete inputs are bits, registers are not',
    ),
});
export type RegisterMap = z.infer<typeof registerMap>;
