import type { TestContext } from 'node:test';
import type { Measurement, Metric } from '../../../contracts/message.ts';
import type { Buffer } from '../../../gateway/buffer/buffer.ts';
import { filename } from '../../../gateway/history/follower.ts';
import { openHistory, type History } from '../../../gateway/history/open-history.ts';
import type { HistoryOptions } from '../../../gateway/history/options.ts';
import { historyTables } from '../../../gateway/history/tables.ts';
import { entry, handClock, open, tempDir } from '../buffer/buffer-fixture.ts';

const dayMs = 86_400_000;
export const defaults: HistoryOptions = {
  keepMs: [7 * dayMs, 90 * dayMs, 730 * dayMs],
  maxBytes: 64 * 1024 * 1024,
  gatherMs: 15 * 60_000,
};

/** A real buffer with history in its writer thread; a clock that moves when told. */
export interface HistoryRig {
  readonly buffer: Buffer;
  readonly history: History;
  readonly clock: ReturnType<typeof handClock>;
  readonly dir: string;
  /** Commits one record per sample. */
  tell(device: string, ...samples: readonly (readonly [at: number, ...metrics: Metric[]])[]): Promise<void>;
  /** Lets so much gateway time pass, and everything that is due then happen. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Each call is a step of the follower at least: enough for a block of each shard and what comes of it. */
const stepsPerPass = 40;

export const start = Date.UTC(2026, 10, 21);

export async function openRig(
  t: TestContext,
  options: Partial<HistoryOptions> = {},
  dir?: string,
): Promise<HistoryRig> {
  const clock = handClock();
  const dataDir = dir ?? (await tempDir(t));
  const follower = { filename, options: { ...defaults, ...options } };
  const buffer = await open(t, dataDir, { clock, sinks: [], tables: [historyTables], follower });
  const history = openHistory(buffer);
  return {
    buffer,
    history,
    clock,
    dir: dataDir,
    async tell(device, ...samples) {
      await buffer.append(entry(...samples.map(([at, ...m]) => recordOf(device, at, m))));
    },
    async pass(ms) {
      clock.advance(ms);
      for (let step = 0; step < stepsPerPass; step += 1) await buffer.followed();
    },
    close: async () => buffer[Symbol.asyncDispose](),
  };
}

/** In the order in which a decode thread writes records, which history reads without parsing them. */
export function recordOf(device: string, at: number, m: Metric[]): Measurement {
  return {
    kind: 'telemetry',
    dev: { id: device },
    ts: at,
    clk: 'gateway',
    cls: 'telemetry',
    rts: at,
    src: { proto: 'test', topic: `t/${device}` },
    m,
  };
}
