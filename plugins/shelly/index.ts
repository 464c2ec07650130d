import { z } from 'zod';
import { definePlugin, gather, textOf, type Envelope, type Knowledge, type Reading } from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { decodeGen1 } from './gen1.ts';
import { readNotification, readReply, readStatus } from './gen2.ts';
import { claims, deviceBehind, learn } from './prefixes.ts';

const status = /^(.+)\/status\/([^/]+)$/;

function decode(envelope: Envelope, { knowledge }: { readonly knowledge: Knowledge }): readonly Reading[] {
  const { topic, payload } = envelope;
  if (topic.startsWith('shellies/')) return decodeGen1(envelope);
  if (payload.length === 0) return [];
  if (topic.endsWith('/events/rpc')) return readNotification(payload, topic.slice(0, -'/events/rpc'.length));
  if (topic.endsWith('/rpc')) return readReply(payload);
  if (topic.endsWith('/online')) return readOnline(payload, deviceBehind(topic.slice(0, -'/online'.length), knowledge));
  const [, prefix, component] = status.exec(topic) ?? [];
  if (prefix === undefined || component === undefined) return [];
  return readStatus(payload, `shelly:${deviceBehind(prefix, knowledge)}`, component);
}

function readOnline(payload: Uint8Array, id: string): readonly Reading[] {
  const text = textOf(payload);
  const gathering = gather('shelly');
  if (text === 'true' || text === 'false') gathering.word('availability', 'online', text === 'true');
  else gathering.other('online', text);
  return gathering.readings(`shelly:${id}`, 'availability');
}

/** Shelly of all generations: Gen1 below `shellies/`, Gen2 and later below their own prefix. */
export default definePlugin({
  name: 'shelly',
  apiVersion: 1,
  proto: 'shelly',
  topics: ['shellies/#', '+/events/rpc', '+/+/events/rpc', '+/+/+/events/rpc', '+/status/+', '+/online', '+/rpc'],
  teaches: ['shellies/announce', '+/events/rpc', '+/+/events/rpc', '+/+/+/events/rpc'],
  config: z.strictObject({}),
  learn,
  decode,
  claims,
  commands,
});
