import { z } from 'zod';
import {
  definePlugin,
  eachLeaf,
  gather,
  numberOf,
  parseJson,
  textOf,
  type CodecContext,
  type Envelope,
  type Reading,
} from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { channelsAt, claims, entitiesOf, learn } from './discovery.ts';
import { readChannels } from './state.ts';
import { isNoNumber } from './template.ts';

const config = z.strictObject({
  /** Discovery prefix. */
  prefix: z.string().min(1).max(64).default('homeassistant'),
  /** Topics of sources that have a codec of their own, although they also announce themselves to Home Assistant. */
  spare: z
    .array(z.string().min(1).max(128))
    .max(32)
    .default(['zigbee2mqtt/', 'tele/', 'stat/', 'tasmota/', 'shellies/']),
});
type Config = z.infer<typeof config>;

const types = ['binary_sensor', 'cover', 'fan', 'light', 'number', 'select', 'sensor', 'switch', 'text_sensor'];
const state = new RegExp(`^(.+)/(${types.join('|')})/([^/]+)/state$`);
const status = /^(.+)\/status$/;

function decode({ topic, payload }: Envelope, { config, knowledge }: CodecContext<Config>): readonly Reading[] {
  if (payload.length === 0 || topic === `${config.prefix}/status`) return [];
  if (topic.startsWith(`${config.prefix}/`)) return register(topic, payload, config.prefix);
  const channels = channelsAt(topic, knowledge);
  if (channels.length > 0) return readChannels(textOf(payload), channels);
  if (topic.endsWith('/debug') || topic.endsWith('/command')) return [];
  return readUndiscovered(topic, payload);
}

/** What an entity and its device say about themselves: one registration per entity, all of it metadata. */
function register(topic: string, payload: Uint8Array, prefix: string): readonly Reading[] {
  const readings: Reading[] = [];
  for (const { device, object, config } of entitiesOf(topic, payload, prefix)) {
    const gathering = gather('ha');
    eachLeaf(config, (path, value) => gathering.meta(path, value));
    const [reading] = gathering.readings(device, 'registration');
    if (reading !== undefined) readings.push({ ...reading, ep: object });
  }
  return readings;
}

/** ESPHome's own topics before discovery told the unit: kept under the topic prefix, nothing claimed. */
function readUndiscovered(topic: string, payload: Uint8Array): readonly Reading[] {
  const text = textOf(payload);
  const gathering = gather('ha');
  const [, prefix, type, object] = state.exec(topic) ?? [];
  if (prefix !== undefined) {
    gathering.other(`${type}.${object}`, numberOf(text) ?? text, { sentinel: isNoNumber(text) });
    return gathering.readings(`ha:${prefix}`);
  }
  const node = status.exec(topic)?.[1];
  if (node !== undefined && (text === 'online' || text === 'offline')) {
    gathering.word('availability', 'status', text === 'online');
    return gathering.readings(`ha:${node}`, 'availability');
  }
  if (text.startsWith('{')) eachLeaf(parseJson(text), (path, value) => gathering.other(path, value));
  else gathering.other('value', numberOf(text) ?? text);
  return gathering.readings(`ha:${topic}`);
}

/** ESPHome, and any device that announces itself by Home Assistant's MQTT discovery. */
export default definePlugin<Config>({
  name: 'esphome',
  apiVersion: 1,
  proto: 'ha',
  topics: [
    'homeassistant/status',
    'homeassistant/+/+/config',
    'homeassistant/+/+/+/config',
    ...types.map((type) => `+/${type}/+/state`),
    '+/debug',
    '+/status',
  ],
  teaches: ['homeassistant/+/+/config', 'homeassistant/+/+/+/config'],
  config,
  learn,
  decode,
  claims,
  commands,
});
