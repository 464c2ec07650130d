import { gather, member, numberOf, parseJson, textOf, type Envelope, type Reading } from '../../contracts/index.ts';
import type { Config, Context } from './config.ts';
import { channelsAt, entitiesOf } from './discovery.ts';
import { readChannels } from './state.ts';
import { isNoNumber } from './template.ts';

/** Entity types whose state topics ESPHome forms itself, `<node>/<type>/<object>/state`. */
export const types = ['binary_sensor', 'cover', 'fan', 'light', 'number', 'select', 'sensor', 'switch', 'text_sensor'];
const state = new RegExp(`^(.+)/(${types.join('|')})/([^/]+)/state$`);
const status = /^(.+)\/status$/;

export function decode({ topic, payload }: Envelope, { config, knowledge }: Context): readonly Reading[] {
  if (payload.length === 0 || topic === `${config.prefix}/status`) return [];
  if (topic.startsWith(`${config.prefix}/`)) return register(topic, payload, config);
  const channels = channelsAt(topic, knowledge);
  if (channels.length > 0) return readChannels(textOf(payload), channels);
  if (topic.endsWith('/debug') || topic.endsWith('/command')) return [];
  return readUndiscovered(topic, textOf(payload));
}

/**
 * What an entity and its device say about themselves: one registration per entity, all of it metadata. A source with a
 * codec of its own registers its devices there; here each would be a second device that never reports.
 */
function register(topic: string, payload: Uint8Array, { prefix, spare }: Config): readonly Reading[] {
  return entitiesOf(topic, payload, prefix).flatMap(({ device, object, config }) => {
    const states = member(config, 'state_topic');
    if (typeof states === 'string' && spare.some((start) => states.startsWith(start))) return [];
    const gathering = gather('ha');
    gathering.metas(config);
    const [reading] = gathering.readings(device, 'registration');
    return reading === undefined ? [] : [{ ...reading, ep: object }];
  });
}

/** ESPHome's own topics before discovery told the unit: kept under the topic prefix, nothing claimed. */
function readUndiscovered(topic: string, text: string): readonly Reading[] {
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
  if (text.startsWith('{')) gathering.others(parseJson(text));
  else gathering.other('value', numberOf(text) ?? text);
  return gathering.readings(`ha:${topic}`);
}
