import { definePlugin } from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { config, type Config } from './config.ts';
import { decode } from './decode.ts';
import { learn } from './names.ts';

/** Zigbee2MQTT 1.17 and newer. Units and polarities come from `bridge/devices`, never from the state. */
export default definePlugin<Config>({
  name: 'zigbee2mqtt',
  apiVersion: 1,
  proto: 'z2m',
  topics: ({ base }) => [`${base}/#`],
  teaches: ({ base }) => [`${base}/bridge/devices`, `${base}/bridge/groups`],
  config,
  learn,
  decode,
  commands,
});
