import { z } from 'zod';
import { definePlugin } from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { decode } from './decode.ts';
import { claims, learn } from './discovery.ts';

/** Tasmota 6 and newer over MQTT: `%prefix%/%topic%/` topics and the discovery messages below `tasmota/discovery`. */
export default definePlugin({
  name: 'tasmota',
  apiVersion: 1,
  proto: 'tasmota',
  topics: ['tele/#', 'stat/#', 'cmnd/#', 'tasmota/discovery/#'],
  teaches: ['tasmota/discovery/#'],
  config: z.strictObject({}),
  learn,
  decode,
  claims,
  commands,
});
