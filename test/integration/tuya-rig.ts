import type { TestContext } from 'node:test';
import { pino, type Logger } from 'pino';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink, type TuyaDeps, type TuyaOptions } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock, type Clock } from '../../gateway/lib/clock.ts';
import type { CloudOptions } from '../../simulator/cloud/cloud.ts';
import { startCloud } from '../harness/cloud.ts';
import { openTables } from '../unit/delivery/tuya/sqlite-table-store.ts';

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
  const { cloud, ...far } = await startCloud(t, tuning.cloud);
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
  return { ...far, stack, cloud, options, store, sink, log, lines };
}
