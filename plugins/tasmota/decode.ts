import {
  formerlyKey,
  gather,
  isObject,
  parseJson,
  textOf,
  type CodecContext,
  type Envelope,
  type Json,
  type JsonObject,
  type Reading,
} from '../../contracts/index.ts';
import { basesOf, sourceOf, type Source } from './discovery.ts';
import { readEvents, readSensors } from './sensor.ts';
import { isPower, readPower, readState, timeIn } from './state.ts';

type Words = Omit<Source, 'mac'>;

const usual: Words = { online: 'Online', offline: 'Offline', on: 'ON', off: 'OFF' };
/** Bodies of `STATUS<n>` answers that repeat what `SENSOR` and `STATE` say. */
const statusBodies: ReadonlyMap<string, 'SENSOR' | 'STATE'> = new Map([
  ['StatusSNS', 'SENSOR'],
  ['StatusSTS', 'STATE'],
]);

export function decode({ topic, payload }: Envelope, { knowledge }: CodecContext): readonly Reading[] {
  // What is said to a device is not said by it.
  if (payload.length === 0 || topic.startsWith('cmnd/')) return [];
  const cut = topic.lastIndexOf('/');
  const base = topic.slice(0, cut);
  const leaf = topic.slice(cut + 1);
  if (leaf === 'LOGGING') return [];
  const text = textOf(payload);
  if (topic.startsWith('tasmota/discovery/')) {
    const json = parseJson(text);
    return register(`tasmota:${base.slice(base.lastIndexOf('/') + 1).toUpperCase()}`, json, formerlyOf(leaf, json));
  }
  const source = sourceOf(base, knowledge);
  const device = source === undefined ? unnamed(base) : `tasmota:${source.mac}`;
  const words = source ?? usual;
  if (leaf === 'LWT') return readAvailability(device, text, words);
  if (text.startsWith('{')) return readDocument(device, leaf, parseJson(text) as JsonObject, words);
  const gathering = gather('tasmota');
  if (isPower(leaf)) readPower(gathering, leaf, text, words);
  else gathering.other(leaf, text);
  return gathering.readings(device, 'state');
}

/** What a device is called until discovery tells its address: below `tele/` and `stat/` alike. */
function unnamed(base: string): string {
  return `tasmota:${base.slice(base.indexOf('/') + 1)}`;
}

function formerlyOf(leaf: string, config: Json): string | undefined {
  const [, , tele = ''] = leaf === 'config' && isObject(config) ? basesOf(config) : [];
  return tele.startsWith('tele/') ? unnamed(tele) : undefined;
}

/** Discovery and `INFO1-3`: what the device says about itself, all of it metadata. */
function register(device: string, json: Json, formerly?: string): readonly Reading[] {
  const gathering = gather('tasmota');
  if (formerly !== undefined) gathering.meta(formerlyKey, formerly);
  gathering.metas(json);
  return gathering.readings(device, 'registration');
}

function readAvailability(device: string, text: string, { online, offline }: Words): readonly Reading[] {
  const gathering = gather('tasmota');
  if (text === online || text === offline) gathering.word('availability', 'LWT', text === online);
  else gathering.other('LWT', text);
  return gathering.readings(device, 'availability');
}

function readDocument(device: string, leaf: string, json: JsonObject, words: Words): readonly Reading[] {
  const [only = '', ...beside] = Object.keys(json);
  const repeated = beside.length === 0 ? statusBodies.get(only) : undefined;
  const body = json[only];
  if (repeated !== undefined && isObject(body)) return readDocument(device, repeated, body, words);
  if (leaf.startsWith('INFO')) return register(device, json);
  if (leaf === 'STATE') return readState(device, json, words);
  const events = readEvents(device, json);
  if (events.length > 0) return events;
  const at = timeIn(json);
  const { Time: _, ...timeless } = json;
  const gathering = gather('tasmota');
  readSensors(gathering, at === undefined ? json : timeless, words);
  return gathering.readings(device, undefined, at);
}
