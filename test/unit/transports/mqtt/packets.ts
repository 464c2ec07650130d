import { generate } from 'mqtt-packet';
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';

/** Bytes of well-formed packets, for clients that speak raw MQTT. */
export function connectPacket(options: Partial<IConnectPacket> = {}): Buffer {
  return generate({ cmd: 'connect', clientId: 'raw', clean: true, keepalive: 0, protocolVersion: 4, ...options });
}

export function publishPacket(options: Partial<IPublishPacket> = {}): Buffer {
  const { qos = 0 } = options;
  const messageId = qos > 0 ? { messageId: 1 } : {};
  return generate({
    cmd: 'publish',
    topic: 'a/b',
    payload: 'x',
    dup: false,
    retain: false,
    qos,
    ...messageId,
    ...options,
  });
}

export const pubrel = (messageId: number): Buffer => generate({ cmd: 'pubrel', messageId });
export const subscribe = (topic: string, qos: 0 | 1 | 2 = 0): Buffer =>
  generate({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic, qos }] });
export const disconnect: Buffer = generate({ cmd: 'disconnect' });
export const pingreq: Buffer = generate({ cmd: 'pingreq' });

/** CONNACK without a session. */
export const accepted: Buffer = Buffer.from('20020000', 'hex');
export const pingresp: Buffer = Buffer.from('d000', 'hex');

/** A packet from its header byte and body; sets the remaining length. */
export function packet(header: number, body: Uint8Array): Buffer {
  if (body.length > 127) throw new Error('one length byte only');
  return Buffer.concat([Buffer.of(header, body.length), body]);
}

/** A length-prefixed field. */
export function field(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
