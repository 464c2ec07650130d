import type { MetricWord } from './metric-words.ts';

/** A value of a twin: a flag, a number in the canonical unit of its word, a text. */
export type TwinValue = boolean | number | string;

interface TwinWord {
  readonly type: 'boolean' | 'number' | 'string';
  /** It can be set, by one of the commands that plugins share; else it is only reported. */
  readonly settable?: true;
  /** What a device may make of a number: percent are rounded to its own steps, kelvin to whole mired. */
  readonly within?: number;
}

const flag: TwinWord = { type: 'boolean' };
const text: TwinWord = { type: 'string' };
const number: TwinWord = { type: 'number' };

/**
 * The words that say how a device is, rather than what it measured or what happened to it. A twin holds these: a
 * temperature has a history of its own, and a pressed button is over when it is told.
 */
const twinWords: Partial<Record<MetricWord, TwinWord>> = {
  availability: flag,
  'battery.charging': flag,
  'battery.low': flag,
  carbon_monoxide: flag,
  contact: flag,
  'cover.state': text,
  'fan.state': text,
  gas: flag,
  'light.brightness': { type: 'number', settable: true, within: 1 },
  'light.color_temp': { type: 'number', settable: true, within: 100 },
  'light.hue': number,
  'light.saturation': number,
  'lock.state': text,
  moisture: flag,
  motion: flag,
  occupancy: flag,
  overload: flag,
  overtemperature: flag,
  position: { type: 'number', settable: true, within: 1 },
  problem: flag,
  safety: flag,
  'setpoint.cool': number,
  'setpoint.heat': { type: 'number', settable: true, within: 0.5 },
  smoke: flag,
  'switch.state': { type: 'boolean', settable: true },
  tamper: flag,
  'temperature.target': number,
  'valve.position': number,
  'valve.state': text,
  vibration: flag,
};

/** What a twin knows of a word; undefined for one that it does not hold. */
export function twinWord(name: string): TwinWord | undefined {
  return Object.hasOwn(twinWords, name) ? twinWords[name as MetricWord] : undefined;
}

/** The words that can be set. */
export const settableWords = Object.entries(twinWords)
  .filter(([, { settable }]) => settable)
  .map(([name]) => name);
