import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { connect, createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { pino, type Logger } from 'pino';
import type { Sink } from '../../contracts/sink.ts';
import type { Buffer } from '../../gateway/buffer/buffer.ts';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { openInfluxSink } from '../../gateway/delivery/influx/influx-sink.ts';
import { openKafkaSink } from '../../gateway/delivery/kafka/kafka-sink.ts';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { makeCertificate } from '../harness/certificate.ts';
import { startCloud } from '../harness/cloud.ts';
import { ownTopics } from '../harness/kafka.ts';
import { startTlsFront } from '../harness/tls-front.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { entry, measurement, open as openBuffer, tempDir } from '../unit/buffer/buffer-fixture.ts';

const dayMs = 86_400_000;
const records = 20;
const backoff = { firstMs: 50, ceilingMs: 200, floorMs: 10, stableMs: 60_000 };

interface Rig {
  readonly buffer: Buffer;
  readonly log: Logger;
  /** Where the gateway finds the far side, and whom it trusts. */
  readonly port: number;
  readonly ca: string;
}

interface FarSide {
  readonly name: string;
  readonly alarms: { readonly trust: string; readonly time: string };
  /** Starts what is behind the certificate. */
  readonly start: (t: TestContext) => Promise<{ reach: () => Socket; openSink: (rig: Rig) => Sink }>;
  /** Whether records arrive once the certificate is right; else only what the gateway says first is seen. */
  readonly takes: boolean;
}

async function portOf(t: TestContext, server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const farSides: readonly FarSide[] = [
  {
    name: 'kafka',
    alarms: { trust: 'KAFKA_CERTIFICATE', time: 'KAFKA_TIME' },
    takes: false,
    async start(t) {
      // Brokers tell clients where to connect next, which a listener before a real one cannot be: this one says nothing.
      const port = await portOf(
        t,
        createTcp((socket) => socket.on('error', () => undefined).resume()),
      );
      const openSink = ({ port: front, ca, log }: Rig): Sink =>
        openKafkaSink(
          {
            brokers: [`127.0.0.1:${front}`],
            gateway: 'gw-test',
            topics: ownTopics(),
            compression: 'none',
            tls: { ca },
          },
          { log },
        );
      return { reach: () => connect(port, '127.0.0.1'), openSink };
    },
  },
  {
    name: 'tuya',
    alarms: { trust: 'CLOUD_CERTIFICATE', time: 'CLOUD_WAITING_FOR_TIME' },
    takes: true,
    async start(t) {
      const { cloud } = await startCloud(t);
      const { hostname: host, port } = new URL(cloud.url);
      const openSink = ({ port: front, ca, buffer, log }: Rig): Sink =>
        openTuyaSink(
          {
            endpoint: `https://127.0.0.1:${front}`,
            clientId: cloud.clientId,
            secret: cloud.secret,
            ca,
            productId: 'p1',
            batch: false,
            callsPerSecond: 1_000,
          },
          { store: buffer, clock: systemClock, log },
        );
      return { reach: () => connectTls({ host, port: Number(port), ca: cloud.ca }), openSink };
    },
  },
  {
    name: 'influx',
    alarms: { trust: 'INFLUX_CERTIFICATE', time: 'INFLUX_CERTIFICATE' },
    takes: true,
    async start(t) {
      const server = createHttp((request, response) => request.resume().on('end', () => response.writeHead(204).end()));
      const port = await portOf(t, server);
      const openSink = ({ port: front, ca, log }: Rig): Sink =>
        openInfluxSink(
          { url: new URL(`https://127.0.0.1:${front}`), into: { db: 'd' }, version: 1, maxSeries: 100, ca },
          { log },
        );
      return { reach: () => connect(port, '127.0.0.1'), openSink };
    },
  },
];

const past = { notBefore: new Date(Date.now() - 3 * dayMs), notAfter: new Date(Date.now() - dayMs) };
const untrusted = [
  { title: 'that has expired', tuning: past, isNamed: true, code: 'CERT_HAS_EXPIRED', about: 'time' },
  {
    title: 'for another host',
    tuning: { ip: '127.0.0.2' },
    isNamed: true,
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    about: 'trust',
  },
  {
    title: 'of an authority that was not named',
    tuning: {},
    isNamed: false,
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    about: 'trust',
  },
] as const;

test('a server whose certificate is wrong hears nothing and costs no record', async (t) => {
  for (const far of farSides) {
    for (const wrong of untrusted) await t.test(`${far.name}: ${wrong.title}`, (one) => refuses(one, far, wrong));
  }
});

async function refuses(t: TestContext, far: FarSide, { tuning, isNamed, code, about }: (typeof untrusted)[number]) {
  const heard: string[] = [];
  using _ear = listen('alarm', (alarm) => heard.push(`${alarm.active ? '+' : '-'}${alarm.code}`));
  let said = '';
  const log = pino({ level: 'warn' }, { write: (line: string) => void (said += line) });
  const [right, wrong] = [await makeCertificate(), await makeCertificate(tuning)];
  const ca = isNamed ? `${right.cert}\n${wrong.cert}` : right.cert;
  const { reach, openSink } = await far.start(t);
  const front = await startTlsFront(t, wrong, reach);
  const buffer = await openBuffer(t, await tempDir(t), { sinks: [far.name], tables: [tuyaTables] });
  await Promise.all(Array.from({ length: records }, (_, at) => buffer.append(entry(measurement('d', at)))));
  const ledger = async () => (await buffer.ledger()).sinks[0];
  await using sink = openSink({ buffer, log, port: front.port, ca });
  await using loop = startDeliveryLoop({ sink, outlet: buffer, log, clock: systemClock, backoff });

  await waitUntil('it is an outage', () => loop.status().outage);
  assert.ok(heard.includes(`+${far.alarms[about]}`), heard.join());
  assert.ok(said.includes(code), said);
  assert.equal(front.bytes(), 0, 'nothing is said to whom nobody trusts');
  const { buffered, delivered } = (await ledger()) ?? {};
  assert.deepEqual([buffered, delivered], [records, 0]);

  front.show(right);
  await waitUntil('it is spoken to', () => front.bytes() > 0);
  if (!far.takes) return;
  await waitUntil('all records are delivered', async () => (await ledger())?.delivered === records);
  assert.ok(heard.includes(`-${far.alarms[about]}`), heard.join());
}
