import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import pino from 'pino';
import type { Measurement, RecordClass } from '../../../contracts/message.ts';
import type { Entry } from '../../../contracts/pipeline.ts';
import type { Batch, Lane } from '../../../contracts/sink.ts';
import { openBuffer, type Buffer } from '../../../gateway/buffer/buffer.ts';
import type { BufferOptions } from '../../../gateway/buffer/options.ts';
import { systemClock, type Clock } from '../../../gateway/lib/clock.ts';

export const silent = pino({ level: process.env['LOG'] ?? 'silent' });

export async function tempDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-buffer-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A clock that only moves when it is told to. */
export function handClock(): Clock & { advance(ms: number): void; jumpWall(ms: number): void } {
  let wall = Date.UTC(2026, 10, 21);
  let mono = 1_000;
  return {
    wallMs: () => wall,
    monoMs: () => mono,
    advance(ms) {
      wall += ms;
      mono += ms;
    },
    jumpWall(ms) {
      wall += ms;
    },
  };
}

export type Opened = Partial<BufferOptions> & { clock?: Clock };

export async function open(t: TestContext, dataDir: string, options: Opened = {}): Promise<Buffer> {
  const { clock = systemClock, ...rest } = options;
  const buffer = await openBuffer(
    { dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [], ...rest },
    { log: silent, clock },
  );
  t.after(() => buffer[Symbol.asyncDispose]());
  return buffer;
}

export function measurement(device: string, value: number, cls: RecordClass = 'telemetry'): Measurement {
  return {
    cls,
    kind: cls,
    dev: { id: device },
    ts: 1_000 + value,
    rts: 1_000 + value,
    clk: 'gateway',
    src: { proto: 'test', topic: `t/${device}` },
    m: [{ n: 'temperature', v: value, u: 'Cel' }],
  };
}

export const entry = (...measurements: Measurement[]): Entry => ({
  measurements,
  filtered: [],
  deadLetters: [],
  writes: [],
});

export const claim = (
  buffer: Buffer,
  want: { sink?: string; lane?: Lane; records?: number } = {},
): Promise<Batch | undefined> =>
  buffer.claim({ sink: 'cloud', lane: 'normal', records: 100, bytes: 1_000_000, ...want });

/** The values of a batch in their order, as `device value`. */
export const valuesOf = (batch: Batch | undefined): string[] =>
  (batch?.items ?? []).map(({ message }) => `${message.dev.id} ${message.m[0]?.v}`);

export const accept = { is: 'accept' } as const;
export const keep = { is: 'keep' } as const;

export const settleAll = (
  buffer: Buffer,
  batch: Batch | undefined,
  verdict: typeof accept | typeof keep,
): Promise<void> =>
  batch
    ? buffer.settle(
        batch,
        batch.items.map(() => verdict),
      )
    : Promise.resolve();

/** Claims and accepts until nothing is left; returns every value in the order of delivery. */
export async function drain(
  buffer: Buffer,
  want: { sink?: string; lane?: Lane; records?: number } = {},
): Promise<string[]> {
  const all: string[] = [];
  for (let batch = await claim(buffer, want); batch; batch = await claim(buffer, want)) {
    all.push(...valuesOf(batch));
    await settleAll(buffer, batch, accept);
  }
  return all;
}
