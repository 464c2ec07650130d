import { z } from 'zod';
import { definePlugin } from '../../contracts/index.ts';
import { decode } from './decode.ts';
import { learn } from './specification.ts';

/** Devices that only the Tuya cloud knows: messages of its queue, decrypted by the gateway, below `tuya/`. */
export default definePlugin({
  name: 'tuya',
  apiVersion: 1,
  proto: 'tuya',
  topics: ['tuya/+/+', 'tuya/product/+/specification'],
  teaches: ['tuya/product/+/specification'],
  config: z.strictObject({}),
  learn,
  decode,
});
