import { pino } from 'pino';
import type { Measurement } from '../contracts/message.ts';
import { openBuffer } from '../gateway/buffer/buffer.ts';
import { systemClock } from '../gateway/lib/clock.ts';

const perEntry = 500;

/** Puts records of 50 devices into a buffer in `dataDir`, as the gateway would have stored them during an outage. */
export async function fill(dataDir: string, records: number, sink = 'tuya'): Promise<void> {
  await using buffer = await openBuffer(
    { dataDir, gateway: 'gw-bench', sinks: [sink], tables: [], limits: { fileBytes: 4 * 1024 ** 3 } },
    { log: pino({ level: 'warn' }), clock: systemClock },
  );
  for (let stored = 0; stored < records; stored += perEntry) {
    const measurements = Array.from({ length: Math.min(perEntry, records - stored) }, (_, i) =>
      measurement(stored + i),
    );
    await buffer.append({ measurements, filtered: [], deadLetters: [], writes: [] });
  }
}

function measurement(n: number): Measurement {
  const now = Date.now();
  return {
    kind: 'telemetry',
    dev: { id: `json:bench/device${n % 50}` },
    ts: now,
    rts: now,
    clk: 'gateway',
    src: { proto: 'json', topic: `bench/device${n % 50}/state` },
    m: [
      { n: 'temperature', v: 15 + (n % 1000) / 100, u: 'Cel' },
      { n: 'humidity', v: 40 + (n % 2000) / 100, u: '%RH' },
      { n: 'x.json.n', v: n },
    ],
    cls: 'telemetry',
  };
}
