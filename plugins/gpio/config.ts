import { z } from 'zod';
import { canonicalUnit, convert, isMetricWord, normaliseUnit, type MetricWord } from '../../contracts/index.ts';

/** What the two positions of an input mean, by what is wired to it. Level 1 is the true one. */
export const flags = {
  contact: 'contact',
  door: 'contact',
  window: 'contact',
  motion: 'motion',
  occupancy: 'occupancy',
  leak: 'moisture',
  smoke: 'smoke',
  gas: 'gas',
  vibration: 'vibration',
  tamper: 'tamper',
  problem: 'problem',
  sound: 'sound',
  safety: 'safety',
  input: 'input',
} as const satisfies Record<string, MetricWord>;

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);

const pulses = z
  .strictObject({
    is: z.literal('pulses'),
    /** The word of what is metered, such as `energy.import`, `water.volume`, `gas.volume`. */
    of: z.string().refine((word) => isMetricWord(word) && canonicalUnit(word) !== undefined, 'is no word with a unit'),
    unit: z.string().min(1).max(32),
    /** How much one pulse is. A meter with 1000 imp/kWh has 0.001 kWh. */
    perPulse: z.number().positive().max(1e6),
    /** What the meter shows where the count is 0. */
    reading: z.number().min(0).max(1e12).default(0),
  })
  .refine(({ of, unit }) => {
    const [from, to] = [normaliseUnit(unit), isMetricWord(of) ? canonicalUnit(of) : undefined];
    return from !== undefined && to !== undefined && convert(1, from, to) !== undefined;
  }, 'has a unit that does not measure it');

const line = z.union(
  [
    z.strictObject({ is: z.enum(Object.keys(flags) as [keyof typeof flags, ...(keyof typeof flags)[]]) }),
    pulses,
    z.strictObject({ is: z.literal('switch') }),
  ],
  `is one of ${Object.keys(flags).join(', ')}, switch, or pulses with of, unit and perPulse`,
);
export type LineMeaning = z.infer<typeof line>;

/** Name of a line in `gpio.lines` of the gateway, which is the device's id, to what is wired to it. */
export const config = z.strictObject({ lines: z.record(name, line).default({}) });
export type Config = z.infer<typeof config>;
