import { isMetricWord } from './metric-words.ts';

/**
 * What makes a device one of a class: a word that it reports, or the class as its tag. Every metric word is a class too.
 * There is none for switches on purpose: what hangs on a plug only its tag can tell.
 */
const classWords: Readonly<Record<string, readonly string[]>> = {
  light: ['light.brightness', 'light.color_temp', 'light.hue'],
  heating: ['setpoint.heat'],
  cooling: ['setpoint.cool'],
  cover: ['position', 'cover.state'],
  lock: ['lock.state'],
  presence: ['occupancy', 'motion'],
  opening: ['contact'],
};

export function isDeviceClass(name: string): boolean {
  return Object.hasOwn(classWords, name) || isMetricWord(name);
}

/** The words of which a device of the class reports one. */
export function wordsOfClass(name: string): readonly string[] {
  return Object.hasOwn(classWords, name) ? (classWords[name] ?? []) : [name];
}
