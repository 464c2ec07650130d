import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { Measurement, RecordClass } from '../../../contracts/message.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { walReserveBytes } from '../../../gateway/buffer/database.ts';
import type { Buffer } from '../../../gateway/buffer/buffer.ts';
import { ledgerAgainstLog } from '../../../gateway/buffer/ledger-against-log.ts';
import { accept, claim, entry, handClock, measurement, open, settleAll, tempDir } from './buffer-fixture.ts';

const smallFile = { fileBytes: walReserveBytes + 640 * 1024 };

/** Texts that do not compress, so that a small file fills up soon. */
const noise = (i: number): string => Array.from({ length: 6 }, (_, k) => Math.sin(i * 31 + k).toString(36)).join('');

const noisy = (device: string, i: number, cls: RecordClass): Measurement => ({
  ...measurement(device, i, cls),
  ts: i * 10_000,
  meta: { noise: noise(i) },
});

async function fill(buffer: Buffer, count: number, make: (i: number) => Measurement): Promise<void> {
  for (let i = 0; i < count; i += 50) {
    await buffer.append(entry(...Array.from({ length: Math.min(50, count - i) }, (_, k) => make(i + k))));
  }
}

async function all(buffer: Buffer, lane: 'urgent' | 'normal'): Promise<Measurement[]> {
  const found: Measurement[] = [];
  for (
    let batch = await claim(buffer, { lane, records: 500 });
    batch;
    batch = await claim(buffer, { lane, records: 500 })
  ) {
    for (const { message } of batch.items) found.push(message as unknown as Measurement);
    await settleAll(buffer, batch, accept);
  }
  return found;
}

test('a full file thins old telemetry, keeps the latest state and every alarm, and the ledger counts what went', async (t) => {
  const dir = await tempDir(t);
  const buffer = await open(t, dir, { limits: smallFile });
  await fill(buffer, 600, (i) => noisy(`alarm${i % 5}`, i, 'alarm'));
  await fill(buffer, 300, (i) => noisy(`switch${i % 3}`, i, 'state'));
  await fill(buffer, 12_000, (i) => noisy(`sensor${i % 4}`, i, 'telemetry'));
  assert.ok((await buffer.check()).ok);
  const status = await buffer.status();
  assert.ok(status.fileBytes <= smallFile.fileBytes, 'the budget holds');
  const beside = new Database(join(dir, 'portcullis.db'), { readonly: true });
  assert.equal(ledgerAgainstLog(beside), undefined);
  beside.close();

  assert.equal((await all(buffer, 'urgent')).length, 600, 'no alarm is missing');
  const rest = await all(buffer, 'normal');
  const lastStates = new Map(rest.filter((m) => m.kind === 'state').map((m) => [m.dev.id, m.m[0]?.v]));
  assert.deepEqual(
    lastStates,
    new Map([
      ['switch0', 297],
      ['switch1', 298],
      ['switch2', 299],
    ]),
  );
  const rollups = rest.filter((m) => m.meta?.['rollup'] !== undefined);
  assert.ok(rollups.length > 0, 'telemetry was thinned before it was dropped');
  for (const { m } of rollups) {
    const [min, max, mean] = m.map((metric) => metric.v ?? Number.NaN);
    assert.ok(min !== undefined && max !== undefined && mean !== undefined && min <= mean && mean <= max);
  }
  const telemetry = rest.filter((m) => m.kind === 'telemetry');
  assert.equal(telemetry.at(-1)?.m[0]?.v, 11_999, 'the newest telemetry stays');
  await buffer.append(entry());
  const { balanced, sinks, reasons } = await buffer.ledger();
  assert.ok(balanced);
  assert.equal(sinks[0]?.accepted, 12_900);
  assert.equal(sinks[0]?.delivered, 600 + rest.length);
  assert.equal(sinks[0]?.evicted, 12_900 - 600 - rest.length);
  assert.ok(reasons.some(({ reason }) => reason === 'thinned'));
});

test('alarms alone fill the file: commits are held, nothing is lost, and room brings them through', async (t) => {
  const buffer = await open(t, await tempDir(t), { limits: smallFile });
  const alarms: boolean[] = [];
  using _ = listen('alarm', ({ code, active }) => void (code === 'disk-full' && alarms.push(active)));
  let acknowledged = 0;
  let held: Promise<void> | undefined;
  for (let i = 0; alarms.length === 0; i += 50) {
    held = buffer.append(entry(...Array.from({ length: 50 }, (_, k) => noisy('a', i + k, 'alarm'))));
    void held.then(() => (acknowledged += 50));
    const full = Promise.withResolvers<void>();
    using _listening = listen('alarm', () => full.resolve());
    await Promise.race([held, full.promise]);
  }
  assert.deepEqual(alarms, [true]);
  const before = acknowledged;
  const found = await all(buffer, 'urgent');
  assert.ok(found.length >= before, 'what was acknowledged is there');
  await held;
  assert.deepEqual(alarms, [true, false]);
  found.push(...(await all(buffer, 'urgent')));
  assert.equal(new Set(found.map((m) => m.m[0]?.v)).size, acknowledged);
});

test('age is counted in uptime: a wall clock that jumps ahead expires nothing', async (t) => {
  const clock = handClock();
  const buffer = await open(t, await tempDir(t), { clock, limits: { maxAgeMs: 3_600_000 } });
  const expired = async (): Promise<number> => {
    await buffer.append(entry(measurement('b', 1)));
    await new Promise((resolve) => setTimeout(resolve, 600));
    return (await buffer.ledger()).sinks[0]?.expired ?? 0;
  };
  await buffer.append(entry(measurement('a', 1), measurement('a', 2, 'alarm')));
  clock.jumpWall(30 * 86_400_000);
  clock.advance(20_000);
  assert.equal(await expired(), 0);
  clock.advance(3_600_000);
  assert.equal(await expired(), 1);
  const alarm = await claim(buffer, { lane: 'urgent' });
  assert.equal(alarm?.items.length, 1, 'alarms do not expire');
  assert.ok((await buffer.ledger()).balanced);
});

test('when space is short a change of the registry goes only for a newer one of its subject, a result never', async (t) => {
  const buffer = await open(t, await tempDir(t), { limits: smallFile });
  const own = (id: string, i: number, kind: 'change' | 'result'): Measurement => ({
    ...noisy(id, i, 'state'),
    kind,
    m: [],
    ...(kind === 'result' && { result: { command: `c${i}`, name: 'switch', source: 'api', state: 'acked' } }),
  });
  await fill(buffer, 300, (i) => own(`place:${i % 3}`, i, 'change'));
  await fill(buffer, 20, (i) => own('lamp', i, 'result'));
  await fill(buffer, 12_000, (i) => noisy(`switch${i % 3}`, i, 'state'));
  const rest = await all(buffer, 'normal');
  const changes = rest.filter(({ kind }) => kind === 'change');
  assert.ok(changes.length < 300, 'space was short');
  assert.deepEqual(
    new Map(changes.map(({ dev, ts }) => [dev.id, ts / 10_000])),
    new Map([297, 298, 299].map((i) => [`place:${i % 3}`, i])),
  );
  assert.equal(rest.filter(({ kind }) => kind === 'result').length, 20);
});
