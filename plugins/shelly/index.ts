import { z } from 'zod';
import { definePlugin } from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { decode } from './decode.ts';
import { claims, learn } from './prefixes.ts';

/** Shelly of all generations: Gen1 below `shellies/`, Gen2 and later below their own prefix. */
export default definePlugin({
  name: 'shelly',
  apiVersion: 1,
  proto: 'shelly',
  topics: ['shellies/#', '+/events/rpc', '+/+/events/rpc', '+/+/+/events/rpc', '+/status/+', '+/online', '+/rpc'],
  teaches: ['shellies/announce', '+/events/rpc', '+/+/events/rpc', '+/+/+/events/rpc', '+/rpc'],
  config: z.strictObject({}),
  learn,
  decode,
  claims,
  commands,
});
