import { definePlugin } from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { config, type Config } from './config.ts';
import { decode, types } from './decode.ts';
import { claims, learn } from './discovery.ts';

/** ESPHome, and any device that announces itself by Home Assistant's MQTT discovery. */
export default definePlugin<Config>({
  name: 'esphome',
  apiVersion: 1,
  proto: 'ha',
  topics: ({ prefix }) => [
    `${prefix}/status`,
    `${prefix}/+/+/config`,
    `${prefix}/+/+/+/config`,
    ...types.map((type) => `+/${type}/+/state`),
    '+/debug',
    '+/status',
  ],
  teaches: ({ prefix }) => [`${prefix}/+/+/config`, `${prefix}/+/+/+/config`],
  config,
  learn,
  decode,
  claims,
  commands,
});
