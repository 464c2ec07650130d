import { z } from 'zod';

/** Node-RED beside the gateway. */
export const flowsSchema = z
  .strictObject({
    enabled: z.boolean().default(false),
    /** `service`: the unit portcullis-flows of systemd starts it, under a user of its own. */
    process: z.enum(['child', 'service']).default('child'),
    /** Of the socket between the two. */
    folder: z.string().min(1).max(4096).optional(),
    memoryMb: z.int().min(80).max(4_096).default(160),
    /** Kinds of nodes that are off otherwise. */
    allow: z.array(z.enum(['network', 'files', 'exec'])).default([]),
  })
  .refine(({ process, allow }) => process === 'child' || allow.length === 0, {
    message: 'the unit of systemd takes all three away; leave allow empty, or let process be child',
    path: ['allow'],
  });
