import {
  eachLeaf,
  gather,
  isObject,
  member,
  type Gathering,
  type Json,
  type JsonObject,
  type Reading,
  type Scalar,
} from '../../contracts/index.ts';
import { readOutput, readShutter } from './state.ts';
import { descriptions, energyKeys, sensorKeys, type Meaning, type OnOff } from './words.ts';

const unitKeys: ReadonlySet<string> = new Set(['TempUnit', 'PressureUnit', 'SpeedUnit']);
const input = /^Switch(\d{1,2})$/;
const trigger = /^(?:Button|Switch)(\d{1,2})$/;

/**
 * `tele/…/SENSOR`, `StatusSNS` and `RESULT`: one object per sensor chip, and the units of temperature, pressure and
 * speed at the root. Every chip is an endpoint of its own, because two chips measure the same quantity in many nodes.
 */
export function readSensors(gathering: Gathering, json: JsonObject, words: OnOff): void {
  for (const [key, value] of Object.entries(json)) {
    if (unitKeys.has(key)) continue;
    if (readShutter(gathering, key, value)) continue;
    if (key === 'ENERGY' && isObject(value)) readEnergy(gathering, value, json);
    else if (isObject(value)) readChip(gathering, key, value, json);
    else if (typeof value === 'object' && value !== null) gathering.others(value, key);
    else readRoot(gathering, key, value, words);
  }
  readUnits(gathering, json);
}

/** The spelling of a unit travels with the values that have it; the key itself describes the node. */
function readUnits(gathering: Gathering, json: JsonObject): void {
  for (const key of unitKeys) {
    const unit = member(json, key);
    if (unit !== undefined) gathering.metas(unit, key);
  }
}

function readRoot(gathering: Gathering, key: string, value: Scalar, words: OnOff): void {
  const ep = input.exec(key)?.[1];
  if (key === 'Time' || descriptions.has(key)) gathering.meta(key, value);
  else if (ep !== undefined && (value === words.on || value === words.off)) {
    gathering.word('input', key, value === words.on, { ep });
  } else readOutput(gathering, key, value, words);
}

/** DS18B20 numbers follow the order on the bus and change with it; the sensor's own `Id` does not. */
function readChip(gathering: Gathering, chip: string, body: JsonObject, root: JsonObject): void {
  const id = member(body, 'Id');
  const ep = (typeof id === 'string' ? id : chip).slice(0, 64);
  for (const [key, value] of Object.entries(body)) {
    const path = `${chip}.${key}`;
    if (key === 'Id' && ep === id) gathering.meta(path, id);
    else if (typeof value === 'object' && value !== null) gathering.others(value, path);
    else put(gathering, path, value, chipMeaning(chip, key), root, ep);
  }
}

/** The processor's own temperature says nothing about the room. */
function chipMeaning(chip: string, key: string): Meaning | undefined {
  const meaning = sensorKeys.get(key);
  return chip.startsWith('ESP32') && meaning?.word === 'temperature'
    ? { ...meaning, word: 'temperature.device' }
    : meaning;
}

/** Meters of several phases or channels send lists; their places are the endpoints `0`, `1`, `2`. */
function readEnergy(gathering: Gathering, energy: JsonObject, root: JsonObject): void {
  for (const [key, value] of Object.entries(energy)) {
    const path = `ENERGY.${key}`;
    const meaning = energyKeys.get(key);
    if (typeof value !== 'object' || value === null) {
      if (descriptions.has(path)) gathering.meta(path, value);
      else put(gathering, path, value, meaning, root, undefined);
    } else eachLeaf(value, (at, leaf) => put(gathering, at, leaf, meaning, root, placeIn(at)), path);
  }
}

function placeIn(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).slice(0, 64);
}

function put(
  gathering: Gathering,
  path: string,
  value: Scalar,
  meaning: Meaning | undefined,
  root: JsonObject,
  ep: string | undefined,
): void {
  const from = typeof meaning?.unit === 'object' ? member(root, meaning.unit.from) : meaning?.unit;
  const about = { unit: typeof from === 'string' ? from : undefined, counter: meaning?.counter, ep };
  if (meaning?.word === undefined) gathering.other(path, value, about);
  else gathering.word(meaning.word, path, value, about);
}

/** `stat/…/RESULT` with `{"Button1":{"Action":"SINGLE"}}`: somebody pressed something. */
export function readEvents(device: string, json: JsonObject): readonly Reading[] {
  if (!Object.keys(json).some((key) => trigger.test(key))) return [];
  const gathering = gather('tasmota');
  let found = false;
  for (const [key, value] of Object.entries(json)) {
    const ep = trigger.exec(key)?.[1];
    const action: Json | undefined = isObject(value) ? member(value, 'Action') : undefined;
    if (ep !== undefined && typeof action === 'string') {
      found = true;
      gathering.word('action', `${key}.Action`, action, { ep: key });
    } else gathering.others(value, key);
  }
  return found ? gathering.readings(device, 'event') : [];
}
