import { z } from 'zod';
import { isMetricWord } from '../../contracts/metric-words.ts';

const perHour = z.int().min(1).max(3_600);
const range = z.strictObject({ min: z.number().optional(), max: z.number().optional() });
const word = z.string().refine((name): boolean => isMetricWord(name), 'is no metric word');

/** What holds where the operator says nothing: no frozen pipe, no overheated room, no relay that rattles. */
const defaults = {
  'setpoint.heat': { min: 5, max: 28, perHour: 12 },
  'switch.state': { perHour: 120 },
  position: { perHour: 30 },
};

/** What no rule can exceed. */
export const limitsSchema = z.strictObject({
  /** Word that a command sets to the least and the most value, and changes of one device in an hour. */
  metrics: z
    .record(word, range.extend({ perHour: perHour.optional() }))
    .default({})
    .transform((given) => ({ ...defaults, ...given })),
  /** Commands beside `switch`, `light`, `cover` and `setpoint` that rules may use at all. */
  commands: z
    .record(
      z.string().min(1).max(64),
      z.strictObject({ perHour, args: z.record(z.string().max(64), range).optional() }),
    )
    .default({}),
});
