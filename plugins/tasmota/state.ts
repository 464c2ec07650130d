import {
  eachLeaf,
  gather,
  isObject,
  member,
  timeOf,
  type Gathering,
  type Json,
  type JsonObject,
  type Reading,
  type Scalar,
  type SourceTime,
} from '../../contracts/index.ts';
import { descriptions, healthKeys, type OnOff } from './words.ts';

const power = /^POWER(\d{0,2})$/;

/** Whether a topic's last level or a key of the JSON is a relay's: `POWER`, `POWER2`. */
export function isPower(key: string): boolean {
  return power.test(key);
}

/** A relay's state, in the words that the device uses for on and off. `POWER` and `POWER1` are told apart by the device. */
export function readPower(gathering: Gathering, key: string, value: Scalar, { on, off }: OnOff): void {
  const ep = power.exec(key)?.[1] || undefined;
  if (value === on || value === off) gathering.word('switch.state', key, value === on, { ep });
  else gathering.other(key, value, { ep });
}

/**
 * Source time of a document. Tasmota prints local time without zone; before NTP it prints 1970, which is no time and
 * stays in the document as a leaf like any other.
 */
export function timeIn(json: JsonObject): SourceTime | undefined {
  return timeOf(member(json, 'Time'));
}

/** `tele/…/STATE`: what the outputs are set to, and beside it how the node itself does, as a message of its own. */
export function readState(device: string, json: JsonObject, words: OnOff): readonly Reading[] {
  const at = timeIn(json);
  const state = gather('tasmota');
  const health = gather('tasmota');
  eachLeaf(json, (path, value) => {
    if (path === 'Time' && at !== undefined) return;
    const meaning = healthKeys.get(path);
    if (descriptions.has(path) || path === 'Time') health.meta(path, value);
    else if (meaning?.word !== undefined) health.word(meaning.word, path, value, { unit: unitOf(meaning.unit) });
    else if (meaning !== undefined) health.other(path, value, { unit: unitOf(meaning.unit) });
    else readOutput(state, path, value, words);
  });
  return [...state.readings(device, 'state', at), ...health.readings(device, 'health', at)];
}

function unitOf(unit: unknown): string | undefined {
  return typeof unit === 'string' ? unit : undefined;
}

/** A leaf that `STATE` and `RESULT` share: relays, dimmers, colour temperature, shutters. */
export function readOutput(gathering: Gathering, path: string, value: Scalar, words: OnOff): void {
  if (isPower(path)) readPower(gathering, path, value, words);
  else if (path === 'Dimmer') gathering.word('light.brightness', path, value, { unit: '%' });
  else if (path === 'CT') gathering.word('light.color_temp', path, value, { unit: 'mired' });
  else gathering.other(path, value);
}

const shutter = /^Shutter(\d{1,2})$/;

/** `Shutter1: {Position, Direction, Target, Tilt}`; positions are percent open. Says whether the key was one. */
export function readShutter(gathering: Gathering, key: string, value: Json): boolean {
  const ep = shutter.exec(key)?.[1];
  if (ep === undefined || !isObject(value)) return false;
  eachLeaf(
    value,
    (path, leaf) => {
      if (path === `${key}.Position`) gathering.word('position', path, leaf, { unit: '%', ep });
      else gathering.other(path, leaf);
    },
    key,
  );
  return true;
}
