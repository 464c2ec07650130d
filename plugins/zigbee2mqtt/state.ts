import {
  eachLeaf,
  gather,
  numberOf,
  timeOf,
  type About,
  type Gathering,
  type JsonObject,
  type Reading,
  type Scalar,
} from '../../contracts/index.ts';
import type { Meanings, PropertyMeaning } from './exposes.ts';
import { counters } from './words.ts';

/** Parts of the state that describe the device rather than measure. */
const described = /^(?:update|device|update_available)(?:\.|$)/;

/** The state of one device. What happened (`action`) is an event of its own beside what is (`state_left`, `temperature`). */
export function readState(device: string, json: JsonObject, meanings: Meanings | undefined): readonly Reading[] {
  const { last_seen: lastSeen, ...rest } = json;
  // Three styles: ISO 8601 in UTC, ISO 8601 with offset, milliseconds since 1970 (`advanced.last_seen`).
  const at = timeOf(lastSeen);
  const state = gather('z2m');
  const event = gather('z2m');
  const acted = typeof json['action'] === 'string' && json['action'] !== '';
  eachLeaf(at === undefined ? json : rest, (path, value) => {
    if (described.test(path) || path === 'last_seen') state.meta(path, value);
    // Zigbee2MQTT before 2.0 takes an action back with an empty text or null; nothing happened then that a word could say.
    else if (path === 'action' && !acted) state.other(path, value);
    else if (acted && path.startsWith('action')) putProperty(event, path, value, meanings);
    else putProperty(state, path, value, meanings);
  });
  return [...event.readings(device, 'event', at), ...state.readings(device, undefined, at)];
}

/** One attribute on a topic of its own, as Zigbee2MQTT prints it with `output: attribute`. */
export function readAttribute(
  device: string,
  attribute: string,
  text: string,
  meanings: Meanings | undefined,
): readonly Reading[] {
  const path =
    meanings !== undefined && Object.hasOwn(meanings, attribute) ? attribute : attribute.replaceAll(/[-/]/g, '.');
  return readState(device, { [path]: plainValue(text) }, meanings);
}

function plainValue(text: string): Scalar {
  if (text === 'true' || text === 'false') return text === 'true';
  return text === 'null' || text === '' ? null : (numberOf(text) ?? text);
}

function putProperty(gathering: Gathering, path: string, value: Scalar, meanings: Meanings | undefined): void {
  const meaning = meanings !== undefined && Object.hasOwn(meanings, path) ? meanings[path] : undefined;
  if (meaning === undefined) {
    putUnknown(gathering, path, value, meanings !== undefined);
    return;
  }
  const { w: word, u: unit, ep, on, off } = meaning;
  const about: About = { unit, ep, counter: word !== undefined && counters.has(word) ? 'total_increasing' : undefined };
  if (word === undefined) gathering.other(path, value, about);
  else if (on !== undefined || off !== undefined) putFlag(gathering, path, value, meaning);
  else if (typeof value === 'string' && word !== 'action' && word !== 'cover.state') {
    const number = numberOf(value);
    if (number === undefined) gathering.other(path, value, { ep });
    else gathering.word(word, path, number, about);
  } else gathering.word(word, path, value, about);
}

/** A value that is neither the one for on nor the one for off stays what it is. */
function putFlag(gathering: Gathering, path: string, value: Scalar, { w: word, ep, on, off }: PropertyMeaning): void {
  if (word !== undefined && (value === on || value === off || value === null)) {
    gathering.word(word, path, value === null ? null : value === on, { ep });
  } else gathering.other(path, value, { ep });
}

/**
 * Without exposes only what no device means otherwise gets a word. `listed` says that the device has exposes, which do
 * not mention this property or mention it as something without a word.
 */
function putUnknown(gathering: Gathering, path: string, value: Scalar, listed: boolean): void {
  if (path === 'linkquality') gathering.word('signal.lqi', path, value);
  else if (path === 'action') gathering.word('action', path, value);
  else if (!listed && path === 'state' && (value === 'ON' || value === 'OFF'))
    gathering.word('switch.state', path, value === 'ON');
  else gathering.other(path, value);
}
