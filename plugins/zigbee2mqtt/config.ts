import { z } from 'zod';
import type { CodecContext } from '../../contracts/index.ts';

export const config = z.strictObject({
  /** Zigbee2MQTT's `mqtt.base_topic`. */
  base: z.string().min(1).max(128).default('zigbee2mqtt'),
});

export type Config = z.infer<typeof config>;
export type Context = CodecContext<Config>;
