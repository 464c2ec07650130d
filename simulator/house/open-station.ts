import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { initialState } from './physics.ts';
import type { State } from './physics.ts';
import { randomOf } from './random.ts';
import { tick } from './station.ts';
import type { Part, Say, Station } from './station.ts';

export interface StationCounts {
  /** Messages handed to the connection, and those whose sending was completed (QoS 1: acknowledged). */
  readonly sent: number;
  readonly acked: number;
  /** Reports left out because the connection was away or too far behind, as a real device would. */
  readonly skipped: number;
  /** Commands that were answered. */
  readonly obeyed: number;
}

export interface OpenStation extends AsyncDisposable {
  counts(): StationCounts;
}

interface Opening {
  readonly station: Station;
  readonly url: string;
  readonly ca: string | undefined;
  readonly login: { username: string; password: string } | undefined;
  readonly rate: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Messages that may wait for their acknowledgement before reports are left out. */
const maxWaiting = 200;
const goodbyeMs = 2000;

const clientOptions = ({ station, ca, login }: Opening): IClientOptions => ({
  clientId: station.clientId,
  clean: true,
  keepalive: 60,
  reconnectPeriod: 1000,
  connectTimeout: 10_000,
  queueQoSZero: false,
  resubscribe: false,
  ...login,
  ...(ca !== undefined && { ca }),
  will: {
    topic: station.will.topic,
    payload: Buffer.from(station.will.payload),
    qos: station.will.qos,
    retain: station.will.retain,
  },
});

/** Connects, and gives up when `signal` says so; the client is ended in that case. */
async function connect(opening: Opening): Promise<MqttClient> {
  const { url, signal } = opening;
  const gaveUp = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
  });
  const connecting = connectAsync(url, clientOptions(opening), false);
  try {
    return await Promise.race([connecting, gaveUp]);
  } catch (error) {
    connecting.then((late) => late.endAsync(true)).catch(() => undefined);
    throw error;
  }
}

/** One device's life: its state, and the timer that makes it report. */
interface Life {
  readonly part: Part;
  state: State;
  at: number;
  timer?: NodeJS.Timeout;
}

/** Connects one station and lets it live until it is disposed. Rejects when the first connect fails. */
export async function openStation(opening: Opening): Promise<OpenStation> {
  const { station, rate, seed } = opening;
  const count = { sent: 0, acked: 0, skipped: 0, obeyed: 0 };
  const lives: Life[] = station.parts.map((part) => ({ part, state: initialState(part.fields), at: Date.now() }));
  const client = await connect(opening);
  let waiting = 0;

  const publish = ({ topic, payload, qos, retain }: Say): void => {
    count.sent++;
    waiting++;
    client.publish(topic, payload, { qos, retain }, (error) => {
      waiting--;
      if (!error) count.acked++;
    });
  };
  const introduce = (): void => {
    station
      .hello(
        lives.map(({ state }) => state),
        Date.now(),
      )
      .forEach(publish);
  };
  const welcome = (): void => {
    client.subscribe([...station.subscribe], { qos: 1 }, () => {
      introduce();
      startLives();
    });
  };
  const hear = (topic: string, bytes: Buffer): void => {
    const message = { topic, payload: bytes.toString() };
    if (station.asksHello?.(message)) introduce();
    for (const life of lives) {
      const turn = life.part.obey?.(life.state, message, Date.now());
      if (!turn) continue;
      count.obeyed++;
      life.state = turn.state;
      turn.says.forEach(publish);
    }
  };
  const live = (life: Life, random: () => number, periods: number): void => {
    const pauseMs = (life.part.everyMs / rate) * periods;
    life.timer = setTimeout(() => {
      const now = Date.now();
      const turn = tick(life.part, life.state, { now, elapsedMs: Math.max(0, now - life.at), random });
      life.state = turn.state;
      life.at = now;
      if (client.connected && waiting < maxWaiting) turn.says.forEach(publish);
      else count.skipped += turn.says.length;
      live(life, random, 0.9 + 0.2 * random());
    }, pauseMs);
  };

  let living = false;
  let closing = false;
  /** Reports come after the introduction, as on a real device: before it nobody knows what they mean. */
  const startLives = (): void => {
    if (living || closing) return;
    living = true;
    for (const life of lives) {
      const random = randomOf(seed, `${station.clientId}/${life.part.name}`);
      life.at = Date.now();
      // The first report comes at any time of the period: a house does not speak in chorus.
      live(life, random, random());
    }
  };

  client.on('message', hear);
  client.on('connect', welcome);
  // mqtt.js connects again by itself; without a listener an error of a later attempt would end the process.
  client.on('error', () => undefined);
  welcome();

  const close = async (): Promise<void> => {
    closing = true;
    for (const { timer } of lives) clearTimeout(timer);
    if (client.connected) publish(station.will);
    const deadline = performance.now() + goodbyeMs;
    const isDone = (): boolean => waiting === 0 || !client.connected;
    while (!isDone() && performance.now() < deadline) await sleep(10);
    await client.endAsync(true);
  };
  let closed: Promise<void> | undefined;
  return { counts: () => ({ ...count }), [Symbol.asyncDispose]: () => (closed ??= close()) };
}
