import { z } from 'zod';

const days = z.number().positive().max(36_500);

/** How long and in how much room measurements can be asked for locally. */
export const historySchema = z
  .strictObject({
    enabled: z.boolean().default(true),
    /** Every sample. */
    samplesDays: days.default(7),
    fiveMinutesDays: days.default(90),
    hoursDays: days.default(730),
    /** Of all three; at most a quarter of `buffer.maxBytes`, which it is part of. */
    maxBytes: z
      .int()
      .min(1024 * 1024)
      .default(256 * 1024 * 1024),
    /** Samples gather so long in memory, and their records in the log, before they are written. */
    writeMinutes: z.number().min(1).max(60).default(15),
  })
  .prefault({});
