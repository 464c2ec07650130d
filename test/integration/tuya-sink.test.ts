import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import type { BackoffPolicy } from '../../gateway/delivery/backoff.ts';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink, type TuyaOptions } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock, type Clock } from '../../gateway/lib/clock.ts';
import { openCloud, type CloudOptions } from '../../simulator/cloud/cloud.ts';
import { MemoryOutlet } from '../unit/delivery/memory-outlet.ts';
import { openTables } from '../unit/delivery/tuya/sqlite-table-store.ts';

const quick: BackoffPolicy = { firstMs: 20, ceilingMs: 100, floorMs: 5, stableMs: 60_000 };

interface Received {
  readonly rows: readonly { readonly key: string; readonly times: number; readonly effects: number }[];
}

async function setUp(
  t: TestContext,
  tuning: { cloud?: Partial<CloudOptions>; sink?: Partial<TuyaOptions>; clock?: Clock } = {},
) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = await mkdtemp(join(tmpdir(), 'tuya-sink-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const cloud = stack.use(await openCloud({ dataDir: folder, ...tuning.cloud }));
  const store = stack.use(openTables(tuyaTables));
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const clock = tuning.clock ?? systemClock;
  const options: TuyaOptions = {
    endpoint: cloud.url,
    clientId: cloud.clientId,
    secretFile: cloud.secretFile,
    ca: cloud.caFile,
    productId: 'p1',
    batch: false,
    callsPerSecond: 10_000,
    answerTimeoutMs: 400,
    ...tuning.sink,
  };
  const sink = stack.use(await openTuyaSink(options, { store, clock, log }));
  const outlet = new MemoryOutlet();
  const agent = new Agent({ connect: { ca: cloud.ca } });
  stack.defer(() => agent.close());
  const mock = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await request(`${cloud.url}/_mock/${path}`, {
      dispatcher: agent,
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer.body.json();
  };
  return {
    cloud,
    store,
    sink,
    outlet,
    lines,
    mock,
    received: async () => ((await mock('GET', 'received?limit=10000')) as Received).rows,
    start: () =>
      stack.use(startDeliveryLoop({ sink, outlet, log, clock: systemClock, backoff: quick, writeDeadlineMs: 5_000 })),
  };
}

/** Waits, bounded, until the buffer has nothing open. */
async function drained(outlet: MemoryOutlet): Promise<void> {
  for (let i = 0; i < 2_000 && outlet.count('open') > 0; i++) await sleep(5);
  assert.equal(outlet.count('open'), 0, 'records left in the buffer');
}

test('records of new devices are registered and delivered once each', async (t) => {
  const { outlet, start, received, cloud } = await setUp(t);
  for (let i = 0; i < 200; i++) outlet.add('normal', `dev:${i % 7}`);
  start();
  await drained(outlet);
  const rows = await received();
  assert.equal(rows.length, 200);
  assert.ok(rows.every((row) => row.effects === 1 && row.times === 1));
  assert.equal(cloud.totals().devices, 7);
});

test('the batch report carries many devices in few calls', async (t) => {
  const { outlet, start, received } = await setUp(t, { sink: { batch: true } });
  for (let i = 0; i < 3_000; i++) outlet.add('normal', `dev:${i % 45}`);
  start();
  await drained(outlet);
  const rows = await received();
  assert.equal(rows.length, 3_000);
  assert.ok(rows.every((row) => row.effects === 1));
});

const faults = [
  { kind: 'refuse', count: 5 },
  { kind: '5xx', count: 5 },
  { kind: '429', count: 5 },
  { kind: 'slow', count: 5, delayMs: 900 },
  { kind: 'lost-answer', count: 8 },
  { kind: 'token-expiry', count: 4 },
  { kind: 'half-open', count: 4 },
  { kind: 'code', code: 1111, count: 5 },
  { kind: 'code', code: 1010, count: 3 },
];
for (const batch of [false, true]) {
  for (const fault of faults) {
    const what = 'code' in fault ? `code ${fault.code}` : fault.kind;
    test(`nothing is lost and nothing takes effect twice: ${what}${batch ? ', in batches' : ''}`, async (t) => {
      const { outlet, start, received, mock } = await setUp(t, { sink: { batch } });
      outlet.add('normal', 'dev:0', 1);
      start();
      await drained(outlet);
      await mock('POST', 'faults', fault);
      for (let i = 0; i < 60; i++) outlet.add('normal', `dev:${i % 5}`);
      outlet.announce('normal');
      await drained(outlet);
      const rows = await received();
      assert.equal(rows.length, 61);
      assert.equal(outlet.count('accept'), 61);
      assert.ok(
        rows.every((row) => row.effects === 1),
        'one effect per key',
      );
    });
  }
}
