import { z } from 'zod';
import type { CodecContext } from '../../contracts/index.ts';

export const config = z.strictObject({
  /** Discovery prefix. */
  prefix: z.string().min(1).max(64).default('homeassistant'),
  /** Topics of sources that have a codec of their own, although they also announce themselves to Home Assistant. */
  spare: z
    .array(z.string().min(1).max(128))
    .max(32)
    .default(['zigbee2mqtt/', 'tele/', 'stat/', 'tasmota/', 'shellies/']),
});

export type Config = z.infer<typeof config>;
export type Context = CodecContext<Config>;
