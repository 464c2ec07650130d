import { gather, textOf, type CodecContext, type Envelope, type Reading } from '../../contracts/index.ts';
import { decodeGen1 } from './gen1.ts';
import { readNotification, readReply, readStatus } from './gen2.ts';
import { deviceBehind } from './prefixes.ts';

/** What Gen2 and later publish below their prefix; of these Gen1 knows `online` only. */
const gen2 = /^(.+?)\/(events\/rpc|rpc|online|status\/[^/]+)$/;

export function decode(envelope: Envelope, { knowledge }: CodecContext): readonly Reading[] {
  const { topic, payload } = envelope;
  if (payload.length === 0) return [];
  const [, prefix, leaf = ''] = gen2.exec(topic) ?? [];
  if (prefix === undefined) return topic.startsWith('shellies/') ? decodeGen1(envelope) : [];
  // Answers come to a name without slashes, as learn sees them.
  if (leaf === 'rpc') return prefix.includes('/') ? [] : readReply(payload);
  const id = deviceBehind(prefix, knowledge);
  if (leaf === 'events/rpc') return readNotification(payload, id);
  const device = `shelly:${id}`;
  return leaf === 'online' ? readOnline(payload, device) : readStatus(payload, device, leaf.slice('status/'.length));
}

function readOnline(payload: Uint8Array, device: string): readonly Reading[] {
  const text = textOf(payload);
  const gathering = gather('shelly');
  if (text === 'true' || text === 'false') gathering.word('availability', 'online', text === 'true');
  else gathering.other('online', text);
  return gathering.readings(device, 'availability');
}
