import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';

/** Milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export function timesOf(taken: readonly number[]): Times {
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), most: sorted.at(-1) ?? Number.NaN };
}

export interface LiveDevices {
  /** How many messages have their PUBACK. */
  readonly acknowledged: number;
  /** Stops, and waits for the last PUBACK; says how long each took. */
  stop(): Promise<readonly number[]>;
}

const clients = 20;
const everyMs = 20;

/**
 * Publishes numbered JSON messages of 50 devices at QoS 1, evenly spread, each with the time at which it was sent (field
 * `sent`). One in `alarmEvery` is a smoke alarm.
 */
export async function startLiveDevices({
  port,
  perSecond,
  alarmEvery = Infinity,
}: {
  port: number;
  perSecond: number;
  alarmEvery?: number;
}): Promise<LiveDevices> {
  const connected = await Promise.all(
    Array.from({ length: clients }, (_, i) => connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: `live${i}` })),
  );
  const stop = new AbortController();
  const taken: number[] = [];
  const waiting = new Set<Promise<unknown>>();
  let sent = 0;
  const publishOne = (): void => {
    const n = sent++;
    const smoke = n % alarmEvery === alarmEvery - 1 ? { smoke: true } : {};
    const payload = JSON.stringify({ sent: Date.now(), n, ...smoke });
    const startedAt = performance.now();
    const client = connected[n % clients];
    const publish = async (): Promise<void> => {
      await client?.publishAsync(`live/d${n % 50}/state`, payload, { qos: 1 });
      taken.push(performance.now() - startedAt);
    };
    const done = publish().finally(() => waiting.delete(done));
    waiting.add(done);
  };
  const publishing = (async () => {
    const startedAt = performance.now();
    while (!stop.signal.aborted) {
      while (sent < ((performance.now() - startedAt) * perSecond) / 1_000) publishOne();
      await sleep(everyMs);
    }
  })();
  return {
    get acknowledged() {
      return taken.length;
    },
    async stop() {
      stop.abort();
      await publishing;
      await Promise.all(waiting);
      for (const client of connected) await client.endAsync();
      return taken;
    },
  };
}
