import {
  eachLeaf,
  gather,
  isObject,
  member,
  parseObject,
  textIn,
  textOf,
  timeOf,
  type Envelope,
  type Gathering,
  type Reading,
  type Scalar,
} from '../../contracts/index.ts';
import { infoFields, lightFields, topics } from './gen1-words.ts';
import { putMeaning, scalarOf } from './meaning.ts';

const place = /^\d{1,3}$/;
const lightStatus = /^(?:light|color|white)\/(\d{1,3})\/status$/;
const inputEvent = /^input_event\/(\d{1,3})$/;
const alarmedGas: ReadonlySet<string> = new Set(['mild', 'heavy']);
/** The same temperature again in Fahrenheit, as a topic of its own. */
const repeats: ReadonlySet<string> = new Set([
  'temperature_f',
  'sensor/temperature_f',
  'ext_temperature_f/0',
  'ext_temperature_f/1',
  'ext_temperature_f/2',
]);

/** A message of the first generation: `shellies/<id>/…`, one plain value per topic but for a few JSON documents. */
export function decodeGen1({ topic, payload }: Envelope): readonly Reading[] {
  const [, id = '', ...rest] = topic.split('/');
  const path = rest.join('/');
  if (path.endsWith('command') || path.endsWith('/set') || repeats.has(path)) return [];
  const text = textOf(payload);
  const gathering = gather('shelly');
  if (id === 'announce') return announce(text, gathering, undefined);
  if (path === '') return [];
  const device = `shelly:${id}`;
  if (path === 'announce') return announce(text, gathering, id);
  if (path === 'info') return readInfo(text, device, gathering);
  const light = lightStatus.exec(path);
  if (light !== null) return readLight(text, device, light[1], gathering);
  const event = inputEvent.exec(path);
  if (event !== null) return readEvent(text, device, event[1], gathering);
  readTopic(path, scalarOf(text), gathering);
  return gathering.readings(device);
}

/** Below a device's own topic the topic says who it is. */
function announce(text: string, gathering: Gathering, own: string | undefined): readonly Reading[] {
  const json = parseObject(text);
  const id = own ?? textIn(json, 'id');
  gathering.metas(json);
  return id === undefined ? [] : gathering.readings(`shelly:${id}`, 'registration');
}

function readTopic(path: string, value: Scalar, gathering: Gathering): void {
  const key = path.replaceAll('/', '.');
  if (path === 'sensor/gas') return readGas(key, value, gathering);
  const levels = path.split('/');
  const ep = levels.find((level) => place.test(level));
  const shape = levels.map((level) => (place.test(level) ? '#' : level)).join('/');
  putMeaning(gathering, topics.get(shape), key, value, ep);
}

/** `none`, `mild`, `heavy`: an alarm and its degree. `test` is neither, `unknown` is no value. */
function readGas(key: string, value: Scalar, gathering: Gathering): void {
  if (value === 'unknown') gathering.word('gas', key, value, { sentinel: true });
  else if (typeof value === 'string' && value !== 'test') gathering.word('gas', key, alarmedGas.has(value));
  gathering.other(key, value);
}

function readLight(text: string, device: string, ep: string | undefined, gathering: Gathering): readonly Reading[] {
  eachLeaf(parseObject(text), (path, value) => putMeaning(gathering, lightFields.get(path), path, value, ep));
  return gathering.readings(device, 'state');
}

/** `event_cnt` tells two equal presses apart. */
function readEvent(text: string, device: string, ep: string | undefined, gathering: Gathering): readonly Reading[] {
  const json = parseObject(text);
  const pressed = member(json, 'event');
  // An input that was never pressed reports the empty event when it connects.
  if (pressed === '') return [];
  eachLeaf(json, (path, value) => {
    if (path === 'event') gathering.word('action', path, value, { ep });
    else gathering.other(path, value, { ep });
  });
  return gathering.readings(device, 'event');
}

/** The whole HTTP `/status` document. `unixtime` is UTC; everything else that looks like a time is local. */
function readInfo(text: string, device: string, gathering: Gathering): readonly Reading[] {
  const json = parseObject(text);
  const at = timeOf(member(json, 'unixtime'));
  const tmp = member(json, 'tmp');
  const told = isObject(tmp) && typeof member(tmp, 'tC') === 'number';
  const isSensor = isObject(member(json, 'bat'));
  eachLeaf(json, (path, value) => {
    const parts = path.split('.');
    const ep = parts.find((part) => place.test(part));
    const shape = parts.map((part) => (place.test(part) ? '#' : part)).join('.');
    if (path === 'temperature' && told) gathering.meta(path, value);
    // On battery `tmp` is the temperature of the room, which `sensor/temperature` says too; elsewhere that of the relay.
    else if (path === 'tmp.tC' && isSensor) putMeaning(gathering, topics.get('sensor/temperature'), path, value, ep);
    else putMeaning(gathering, infoFields.get(shape), path, value, ep);
  });
  return gathering.readings(device, undefined, at);
}
