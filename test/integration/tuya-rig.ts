import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino, type Logger } from 'pino';
import { Agent, request } from 'undici';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink, type TuyaDeps, type TuyaOptions } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock, type Clock } from '../../gateway/lib/clock.ts';
import { openCloud, type CloudOptions } from '../../simulator/cloud/cloud.ts';
import { openTables } from '../unit/delivery/tuya/sqlite-table-store.ts';

export interface ReceivedRow {
  readonly key: string;
  readonly device: string;
  readonly times: number;
  readonly effects: number;
  readonly summary: string;
}

export interface CloudRow {
  readonly device_id: string;
  readonly third_id: string;
  readonly online: boolean;
  readonly events: number;
}

export interface RigTuning {
  readonly cloud?: Partial<CloudOptions>;
  readonly sink?: Partial<TuyaOptions>;
  readonly deps?: Partial<TuyaDeps>;
  readonly clock?: Clock;
}

/** The real sink before the real local cloud, over HTTPS on loopback; `lines` is everything that was logged. */
export async function openTuyaRig(t: TestContext, tuning: RigTuning = {}) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = await mkdtemp(join(tmpdir(), 'tuya-sink-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const cloud = stack.use(await openCloud({ dataDir: folder, ...tuning.cloud }));
  const store = stack.use(openTables(tuyaTables));
  const lines: string[] = [];
  const log: Logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const options: TuyaOptions = {
    endpoint: cloud.url,
    clientId: cloud.clientId,
    secret: cloud.secret,
    ca: cloud.ca,
    productId: 'p1',
    batch: false,
    callsPerSecond: 10_000,
    answerTimeoutMs: 400,
    ...tuning.sink,
  };
  const sink = stack.use(openTuyaSink(options, { store, clock: tuning.clock ?? systemClock, log, ...tuning.deps }));
  const agent = new Agent({ connect: { ca: cloud.ca } });
  stack.defer(() => agent.close());
  const mock = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> => {
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await request(`${cloud.url}/_mock/${path}`, { dispatcher: agent, method, ...payload });
    return answer.body.json();
  };
  return {
    stack,
    cloud,
    options,
    store,
    sink,
    log,
    lines,
    mock,
    fault: (wish: object) => mock('POST', 'faults', wish),
    received: async () => ((await mock('GET', 'received?limit=10000')) as { rows: readonly ReceivedRow[] }).rows,
    devices: async () => (await mock('GET', 'devices')) as readonly CloudRow[],
  };
}
