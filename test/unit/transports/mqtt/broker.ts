import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import pino from 'pino';
import { systemClock } from '../../../../gateway/lib/clock.ts';
import { listen } from '../../../../gateway/observability/channels.ts';
import type { Events } from '../../../../gateway/observability/channels.ts';
import { listenMqtt } from '../../../../gateway/transports/mqtt/listen-mqtt.ts';
import type { MqttTransport } from '../../../../gateway/transports/mqtt/listen-mqtt.ts';
import type { MqttOptions } from '../../../../gateway/transports/mqtt/options.ts';
import { openSqliteStore, temporaryFile } from './sqlite-store.ts';
import type { SqliteStore } from './sqlite-store.ts';

export interface TestBroker {
  readonly transport: MqttTransport;
  readonly store: SqliteStore;
  readonly file: string;
  readonly port: number;
}

/** A broker on a free port over a SQLite file; anonymous unless the options say otherwise. Closed after the test. */
export async function startBroker(
  t: TestContext,
  options: Partial<MqttOptions> = {},
  file: string = temporaryFile(t),
): Promise<TestBroker> {
  const store = openSqliteStore(t, file);
  const transport = await listenMqtt(
    { host: '127.0.0.1', tcp: { port: 0 }, anonymous: true, ...options },
    { ingest: store.ingest, store, log: pino({ level: 'silent' }), clock: systemClock },
  );
  t.after(() => transport[Symbol.asyncDispose]());
  return { transport, store, file, port: transport.ports.tcp ?? 0 };
}

/** An mqtt.js client that does not reconnect; ended after the test. */
export async function connectClient(t: TestContext, port: number, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
  client.on('error', () => undefined);
  t.after(() => client.end(true));
  return client;
}

/** The QoS that each filter was granted; 128 where it was refused, which mqtt.js makes an error. */
export async function grantedQos(client: MqttClient, filters: string[]): Promise<number[]> {
  try {
    const granted = await client.subscribeAsync(filters, { qos: 1 });
    return granted.map(({ qos }) => qos);
  } catch (error) {
    return (error as { packet: { granted: number[] } }).packet.granted;
  }
}

/** A socket that speaks raw bytes. */
export interface RawClient {
  readonly socket: Socket;
  send(...packets: Uint8Array[]): void;
  /** Waits until this many bytes came and takes them. */
  receive(bytes: number): Promise<Buffer>;
  /** Resolves when the broker closed; with the bytes that nobody took. */
  readonly closed: Promise<Buffer>;
}

export async function connectRaw(t: TestContext, port: number): Promise<RawClient> {
  const socket = connectTcp(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let bytes = Buffer.alloc(0);
  let isClosed = false;
  let wake: () => void = () => undefined;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    wake();
  });
  const closed = new Promise<Buffer>((resolve) => {
    socket.once('close', () => {
      isClosed = true;
      wake();
      resolve(bytes);
    });
  });
  await once(socket, 'connect');
  return {
    socket,
    closed,
    send: (...packets) => {
      for (const packet of packets) socket.write(packet);
    },
    async receive(count) {
      while (bytes.length < count) {
        if (isClosed) throw new Error(`closed after ${bytes.toString('hex')}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      const taken = bytes.subarray(0, count);
      bytes = bytes.subarray(count);
      return taken;
    },
  };
}

/** Reasons told on the channels while the test runs. */
export function toldReasons(t: TestContext): Map<string, number> {
  const reasons = new Map<string, number>();
  const count = (event: Events['dropped'] | Events['rejected']): void => {
    reasons.set(event.reason, (reasons.get(event.reason) ?? 0) + event.count);
  };
  const listeners = [listen('dropped', count), listen('rejected', count)];
  t.after(() => {
    for (const one of listeners) one[Symbol.dispose]();
  });
  return reasons;
}

/** Waits for a condition that needs no event. Rejects with the condition when it does not come true. */
export async function until(isTrue: () => boolean, boundMs = 60_000): Promise<void> {
  const giveUpAt = performance.now() + boundMs;
  while (!isTrue()) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${boundMs} ms in vain for ${String(isTrue)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
