import { parseObject, textOf, type Envelope, type Reading } from '../../contracts/index.ts';
import { readAvailability, readBridge } from './bridge.ts';
import type { Context } from './config.ts';
import { addressOf } from './names.ts';
import { readAttribute, readState } from './state.ts';

const command = /^(?:set|get)(?:\/|$)/;

export function decode({ topic, payload }: Envelope, { config, knowledge }: Context): readonly Reading[] {
  // A retained empty payload is a deletion: a renamed or removed device.
  if (payload.length === 0 || !topic.startsWith(`${config.base}/`)) return [];
  const path = topic.slice(config.base.length + 1);
  const text = textOf(payload);
  if (path.startsWith('bridge/')) return readBridge(path.slice('bridge/'.length), text);
  const isDocument = text.startsWith('{');
  const { device, meanings, rest } = addressOf(path, isDocument, knowledge);
  if (command.test(rest)) return [];
  if (rest === 'availability') return readAvailability(device, text);
  if (rest !== '' && !isDocument) return readAttribute(device, rest, text, meanings);
  const json = parseObject(text);
  return readState(device, rest === '' ? json : { [rest]: json }, meanings);
}
