import { createServer, type Socket } from 'node:net';
import mqtt, { type Packet } from 'mqtt-packet';
import { freePort } from '../../test/harness/free-port.ts';
import type { FarSide } from './contender.ts';
import { listeningSide } from './listening-side.ts';
import { numbersIn } from './numbers.ts';

const telemetry = 'v1/gateway/telemetry';
const request = 'v1/devices/me/rpc/request/';
const response = 'v1/devices/me/rpc/response/';

/** Without limits, as a ThingsBoard of one's own has it (`0:0` means none in its gateway's SDK). */
const limits = { messages: '0:0', telemetryMessages: '0:0', telemetryDataPoints: '0:0' };
const session = { maxPayloadSize: 65_536, maxInflightMessages: 100, rateLimits: limits, gatewayRateLimits: limits };

/**
 * As much of ThingsBoard's MQTT API as its gateway needs, in MQTT 5: telemetry at QoS 1 is acknowledged and its numbers
 * remembered, and `getSessionLimits` is answered.
 */
export async function openThingsboardSide(): Promise<FarSide & { readonly port: number }> {
  const port = await freePort();
  const numbers = new Set<number>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const parser = mqtt.parser();
    parser.on('packet', (packet: Packet) => {
      for (const answer of answersTo(packet, numbers)) socket.write(mqtt.generate(answer, { protocolVersion: 5 }));
    });
    parser.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => void parser.parse(chunk));
  });
  return {
    port,
    ...listeningSide(server, port, numbers, () => {
      for (const socket of sockets) socket.destroy();
    }),
  };
}

function answersTo(packet: Packet, numbers: Set<number>): Packet[] {
  if (packet.cmd === 'connect') return [{ cmd: 'connack', sessionPresent: false, reasonCode: 0 }];
  if (packet.cmd === 'pingreq') return [{ cmd: 'pingresp' }];
  const messageId = packet.messageId ?? 0;
  if (packet.cmd === 'subscribe')
    return [{ cmd: 'suback', messageId, granted: packet.subscriptions.map(({ qos }) => qos) }];
  if (packet.cmd === 'unsubscribe') return [{ cmd: 'unsuback', messageId, granted: [0] }];
  if (packet.cmd !== 'publish') return [];
  const text = packet.payload.toString();
  if (packet.topic === telemetry) for (const n of numbersIn(text)) numbers.add(n);
  const answers: Packet[] = packet.qos === 1 ? [{ cmd: 'puback', messageId, reasonCode: 0 }] : [];
  if (packet.topic.startsWith(request)) {
    const payload = text.includes('getSessionLimits') ? JSON.stringify(session) : '{}';
    const topic = response + packet.topic.slice(request.length);
    answers.push({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false });
  }
  return answers;
}
