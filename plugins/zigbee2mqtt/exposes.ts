import {
  canonicalUnit,
  convert,
  isObject,
  member,
  normaliseUnit,
  textIn,
  type Json,
  type JsonObject,
  type MetricWord,
} from '../../contracts/index.ts';
import { binaryWords, featureWords, lightWords, phased } from './words.ts';

const maxFeatures = 512;
const maxDepth = 4;
const maxText = 64;
/** A message carries units up to this length. */
const maxUnit = 32;

/**
 * What a property of a device's state means, as far as the state itself does not say: word, unit as the source spells
 * it, endpoint, and the values that stand for true and false. `contact` is true when open: its `value_on` is `false`.
 */
export type PropertyMeaning = {
  readonly w?: MetricWord;
  readonly u?: string;
  readonly ep?: string;
  readonly on?: string | number | boolean;
  readonly off?: string | number | boolean;
};

/** Meanings by path in the state: `temperature`, `state_left`, `color.x`. */
export type Meanings = { readonly [path: string]: PropertyMeaning };

interface Feature {
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly parent: string;
  readonly endpoint: string | undefined;
  readonly expose: JsonObject;
}

/**
 * Reads `definition.exposes` (zigbee2mqtt.io/guide/usage/exposes.html). Of two features that would carry one word at one
 * endpoint the preferred one gets it, the other stays an `x.` entry for good.
 */
export function readExposes(exposes: Json | undefined, onBattery: boolean): Meanings {
  const features: Feature[] = [];
  if (Array.isArray(exposes))
    for (const expose of exposes as readonly Json[]) collect(expose, '', 'device', features, 0);
  const battery = runsOnBattery(features, onBattery);
  const taken = new Set<string>();
  const meanings: [string, PropertyMeaning][] = [];
  const known = new Set<string>();
  for (const feature of features.toSorted((a, b) => preference(a) - preference(b))) {
    if (known.has(feature.path)) continue;
    known.add(feature.path);
    const meaning = meaningOf(feature, battery, taken);
    if (Object.keys(meaning).length > 0) meanings.push([feature.path, meaning]);
  }
  return Object.fromEntries(meanings);
}

/** Lights, covers, climates and locks are groups of features; a composite is one level of the state. */
function collect(expose: Json, path: string, parent: string, into: Feature[], depth: number): void {
  if (!isObject(expose) || depth > maxDepth || into.length >= maxFeatures) return;
  const type = textIn(expose, 'type', maxText) ?? '';
  const name = textIn(expose, 'name', maxText) ?? '';
  const property = textIn(expose, 'property', maxText) ?? name;
  const features = member(expose, 'features');
  if (Array.isArray(features)) {
    const below = type === 'composite' ? join(path, property) : path;
    const owner = type === 'composite' ? `${parent}:${name}` : type;
    for (const feature of features as readonly Json[]) collect(feature, below, owner, into, depth + 1);
  } else if (property !== '' && type !== 'list') {
    into.push({
      path: join(path, property),
      name,
      type,
      parent,
      endpoint: textIn(expose, 'endpoint', maxText),
      expose,
    });
  }
}

function join(path: string, property: string): string {
  return path === '' ? property : `${path}.${property}`;
}

function runsOnBattery(features: readonly Feature[], onBattery: boolean): boolean {
  const names = new Set(features.map(({ name }) => name));
  if (names.has('power') || names.has('current')) return false;
  return onBattery || names.has('battery') || names.has('battery_low');
}

const places = new Map(featureWords.map(([name], place) => [name, place]));
const wordsOf = new Map(featureWords.map(([name, ...words]) => [name, words]));

function preference({ name }: Feature): number {
  return places.get(phased.exec(name)?.[1] ?? name) ?? featureWords.length;
}

function meaningOf(feature: Feature, battery: boolean, taken: Set<string>): PropertyMeaning {
  const phase = phased.exec(feature.name);
  const ep = feature.endpoint ?? phase?.[2];
  const unit = unitOf(feature);
  const name = phase?.[1] ?? feature.name;
  const fits = (word: MetricWord): boolean => fitsFeature(word, feature, unit) && !taken.has(`${word}\n${ep ?? ''}`);
  const word = candidates(name, battery).find(fits);
  if (word !== undefined) taken.add(`${word}\n${ep ?? ''}`);
  const on = word === undefined ? undefined : scalar(feature.expose, 'value_on');
  const off = word === undefined ? undefined : scalar(feature.expose, 'value_off');
  const shownUnit = word === undefined ? textIn(feature.expose, 'unit', maxUnit) : unit;
  return {
    ...(word !== undefined && { w: word }),
    ...(shownUnit !== undefined && { u: shownUnit }),
    ...(ep !== undefined && { ep }),
    ...(on !== undefined && { on }),
    ...(off !== undefined && { off }),
  };
}

function candidates(name: string, battery: boolean): readonly MetricWord[] {
  if (name === 'voltage' && battery) return ['battery.voltage'];
  return wordsOf.get(name) ?? [];
}

/**
 * The unit of a feature, where it is fixed by what the feature is: Zigbee levels have 254 steps, hue is in degrees and
 * saturation in percent, a power factor without unit is a ratio.
 */
function unitOf({ name, expose, parent }: Feature): string | undefined {
  const unit = textIn(expose, 'unit', maxText);
  if (unit !== undefined) return unit;
  if (name === 'brightness') return member(expose, 'value_max') === 254 ? '1/254' : undefined;
  if (parent === 'light:color_hs') return name === 'hue' ? 'deg' : name === 'saturation' ? '%' : undefined;
  return name.startsWith('power_factor') ? '/' : undefined;
}

function fitsFeature(word: MetricWord, { type, parent, expose }: Feature, unit: string | undefined): boolean {
  if (lightWords.has(word) && !parent.startsWith('light')) return false;
  if (parent.includes(':') && !lightWords.has(word)) return false;
  if (binaryWords.has(word)) return type === 'binary' && fitsBinary(word, expose);
  if (word === 'cover.state') return type === 'enum' && parent === 'cover';
  if (word === 'action') return type === 'enum' || type === 'text';
  if (type !== 'numeric') return false;
  const canonical = canonicalUnit(word);
  if (canonical === undefined) return true;
  const source = unit === undefined ? undefined : normaliseUnit(unit);
  return source !== undefined && convert(1, source, canonical) !== undefined;
}

/** `state` is a switch or a lock by the values it takes. */
function fitsBinary(word: MetricWord, expose: JsonObject): boolean {
  const on = member(expose, 'value_on');
  if (word === 'switch.state') return on === 'ON';
  return word === 'lock.state' ? on === 'LOCK' : true;
}

function scalar(object: JsonObject, key: string): string | number | boolean | undefined {
  const value = member(object, key);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
