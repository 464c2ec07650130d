import { z } from 'zod';
import {
  definePlugin,
  eachLeaf,
  gather,
  isObject,
  parseJson,
  textOf,
  type Envelope,
  type Json,
  type JsonObject,
  type Knowledge,
  type Reading,
} from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { claims, learn, sourceOf, type Source } from './discovery.ts';
import { readEvents, readSensors } from './sensor.ts';
import { isPower, readPower, readState, timeIn } from './state.ts';

const defaults = { online: 'Online', offline: 'Offline', on: 'ON', off: 'OFF' };
/** Bodies of `STATUS<n>` answers that repeat what `SENSOR` and `STATE` say. */
const statusBodies: ReadonlyMap<string, 'SENSOR' | 'STATE'> = new Map([
  ['StatusSNS', 'SENSOR'],
  ['StatusSTS', 'STATE'],
]);

type Words = Omit<Source, 'mac'>;

function decode({ topic, payload }: Envelope, { knowledge }: { readonly knowledge: Knowledge }): readonly Reading[] {
  if (payload.length === 0) return [];
  const cut = topic.lastIndexOf('/');
  const base = topic.slice(0, cut);
  const leaf = topic.slice(cut + 1);
  if (topic.startsWith('tasmota/discovery/')) return describe(base, textOf(payload));
  if (leaf === 'LOGGING') return [];
  const source = sourceOf(base, knowledge);
  const device = `tasmota:${source?.mac ?? base.slice(base.indexOf('/') + 1)}`;
  const words: Words = source ?? defaults;
  const text = textOf(payload);
  if (leaf === 'LWT') return availability(device, text, words);
  if (isPower(leaf)) {
    const gathering = gather('tasmota');
    readPower(gathering, leaf, text, words);
    return gathering.readings(device, 'state');
  }
  return text.startsWith('{')
    ? readDocument(device, leaf, parseJson(text) as JsonObject, words)
    : readText(device, leaf, text);
}

/** `tasmota/discovery/<MAC>/config` and `/sensors`: what the device says about itself, all of it metadata. */
function describe(base: string, text: string): readonly Reading[] {
  const gathering = gather('tasmota');
  eachLeaf(parseJson(text), (path, value) => gathering.meta(path, value));
  return gathering.readings(`tasmota:${base.slice(base.lastIndexOf('/') + 1).toUpperCase()}`, 'registration');
}

function availability(device: string, text: string, words: Words): readonly Reading[] {
  const gathering = gather('tasmota');
  const said = text === words.online ? true : text === words.offline ? false : undefined;
  if (said === undefined) gathering.other('LWT', text);
  else gathering.word('availability', 'LWT', said);
  return gathering.readings(device, 'availability');
}

function readDocument(device: string, leaf: string, json: JsonObject, words: Words): readonly Reading[] {
  const [only] = Object.keys(json);
  const kind = only === undefined ? undefined : statusBodies.get(only);
  const body: Json | undefined = only === undefined ? undefined : json[only];
  if (kind !== undefined && isObject(body)) return readDocument(device, kind, body, words);
  if (leaf.startsWith('INFO')) return registration(device, json);
  if (leaf === 'STATE') return readState(device, json, words);
  const events = readEvents(device, json);
  if (events.length > 0) return events;
  const at = timeIn(json);
  const gathering = gather('tasmota');
  readSensors(gathering, json, at === undefined ? words : { ...words, skip: 'Time' });
  return gathering.readings(device, undefined, at);
}

function registration(device: string, json: JsonObject): readonly Reading[] {
  const gathering = gather('tasmota');
  eachLeaf(json, (path, value) => gathering.meta(path, value));
  return gathering.readings(device, 'registration');
}

function readText(device: string, leaf: string, text: string): readonly Reading[] {
  const gathering = gather('tasmota');
  gathering.other(leaf, text);
  return gathering.readings(device, 'state');
}

/** Tasmota 6 and newer over MQTT: `%prefix%/%topic%/` topics and the discovery messages below `tasmota/discovery`. */
export default definePlugin({
  name: 'tasmota',
  apiVersion: 1,
  proto: 'tasmota',
  topics: ['tele/#', 'stat/#', 'tasmota/discovery/#'],
  teaches: ['tasmota/discovery/+/config'],
  config: z.strictObject({}),
  learn,
  decode,
  claims,
  commands,
});
