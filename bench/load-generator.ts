// A load of QoS 1 publishes in a process of its own, at the level of bytes so that it costs little beside the broker.
// Prints one JSON line when done. Arguments: --port --clients --inflight --seconds [--rate messages/s in all]
// Warm-up lasts --warmup seconds; with --warmup-messages until so many were acknowledged, or 20 s.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    clients: { type: 'string', default: '50' },
    inflight: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '2' },
    'warmup-messages': { type: 'string', default: '0' },
    rate: { type: 'string', default: '0' },
  },
});
const port = Number(values.port);
const clientCount = Number(values.clients);
const inflight = Number(values.inflight);
const measureMs = Number(values.seconds) * 1000;
const warmupMs = Number(values.warmup) * 1000;
const warmupMessages = Number(values['warmup-messages']);
/** What has not been compiled by then never will be in a measurement of seconds. */
const longestWarmupMs = 20_000;
const rate = Number(values.rate);
const payloadBytes = 200;

let acknowledged = 0;
let warmedUp = 0;
let measuring = false;
const latencies: number[] = [];

/** MQTT 3.1.1 section 3.1: clean session, keep alive 60 s. */
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([Buffer.from([0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, id.length]), id]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

/** MQTT 3.1.1 section 3.3: QoS 1, a JSON payload of 200 bytes whose values differ from message to message. */
function publishPacket(topic: Buffer, messageId: number, n: number): Buffer {
  const reading = {
    temperature: 15 + ((n * 7) % 1000) / 100,
    humidity: 40 + ((n * 13) % 2000) / 100,
    pressure: 990 + (n % 40),
    battery: 87,
  };
  const text = JSON.stringify(reading);
  const payload = Buffer.from(`${text.slice(0, -1)},"note":"${'x'.repeat(payloadBytes - text.length - 10)}"}`);
  const length = 2 + topic.length + 2 + payload.length;
  const head = Buffer.from([0x32, (length & 0x7f) | 0x80, length >> 7, topic.length >> 8, topic.length & 0xff]);
  return Buffer.concat([head, topic, Buffer.from([messageId >> 8, messageId & 0xff]), payload]);
}

function openClient(index: number): Promise<Socket> {
  const topic = Buffer.from(`bench/device${index}/state`);
  const sentAt = new Map<number, number>();
  let n = index;
  let lastId = 0;
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let rest: Buffer = Buffer.alloc(0);
    const send = (): void => {
      lastId = (lastId % 65_535) + 1;
      sentAt.set(lastId, performance.now());
      socket.write(publishPacket(topic, lastId, n++));
    };
    const onPacket = (packet: Buffer): void => {
      if (packet[0] === 0x20) {
        if (packet[3] !== 0) return reject(new Error(`the broker refused the connection with ${packet[3]}`));
        if (rate === 0) for (let i = 0; i < inflight; i++) send();
        else setInterval(send, (1000 * clientCount) / rate);
        return resolve(socket);
      }
      const id = packet.readUInt16BE(2);
      if (measuring) {
        acknowledged++;
        latencies.push(performance.now() - (sentAt.get(id) ?? 0));
      } else warmedUp++;
      sentAt.delete(id);
      if (rate === 0) send();
    };
    socket.on('data', (chunk: Buffer) => {
      // CONNACK and PUBACK are both four bytes long; nothing else comes to a client without subscriptions.
      let data: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      for (; data.length >= 4; data = data.subarray(4)) onPacket(data);
      rest = data;
    });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(connectPacket(`bench${index}`)));
  });
}

const sockets = await Promise.all(Array.from({ length: clientCount }, (_, i) => openClient(i)));
const warmingSince = performance.now();
await sleep(warmupMs);
const isWarm = (): boolean => warmedUp >= warmupMessages || performance.now() - warmingSince >= longestWarmupMs;
while (!isWarm()) await sleep(100);
measuring = true;
process.send?.('measuring');
const startedAt = performance.now();
await sleep(measureMs);
measuring = false;
const seconds = (performance.now() - startedAt) / 1000;
process.send?.('measured');
latencies.sort((a, b) => a - b);
const percentile = (p: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))] ?? 0;
console.log(
  JSON.stringify({ acknowledged, perSecond: acknowledged / seconds, p50Ms: percentile(0.5), p99Ms: percentile(0.99) }),
);
for (const socket of sockets) socket.destroy();
process.exit(0);
