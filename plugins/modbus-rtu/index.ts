import { definePlugin } from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { config, type Config } from './config.ts';
import { decode } from './decode.ts';
import { polls, stationTopic } from './plan.ts';

/** Stations on an RS-485 line: what they are is a table, the gateway asks, this reads the answers. */
export default definePlugin<Config>({
  name: 'modbus-rtu',
  apiVersion: 1,
  proto: 'modbus',
  topics: ({ devices }) => Object.values(devices).map((station) => `${stationTopic(station)}/#`),
  config,
  decode,
  commands,
  polls,
});
