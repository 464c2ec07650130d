import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Entry } from '../../../contracts/pipeline.ts';
import { walReserveBytes } from '../../../gateway/buffer/database.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { compileShim, smallDisk } from '../../harness/shim.ts';
import { claim, drain, entry, measurement, open, tempDir } from './buffer-fixture.ts';

/** Appends in a process of its own until it has acknowledged `least` records, then kills it without a warning. */
async function appendAndKill(dataDir: string, from: number, least: number): Promise<number[]> {
  const program = fileURLToPath(new URL('append-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged: number[] = [];
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(Number(line));
    if (acknowledged.length === least) child.kill('SIGKILL');
  }
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  return acknowledged;
}

test('kill -9 while appending loses nothing acknowledged, and the data folder is free again', async (t) => {
  const dir = await tempDir(t);
  const acknowledged: number[] = [];
  for (const [round, least] of [40, 400].entries())
    acknowledged.push(...(await appendAndKill(dir, round * 1_000_000, least)));
  const buffer = await open(t, dir);
  const found = new Set((await drain(buffer)).map((text) => Number(text.split(' ')[1])));
  assert.deepEqual(
    acknowledged.filter((value) => !found.has(value)),
    [],
  );
  assert.ok((await buffer.check()).ok);
});

const slow = {
  name: 'slow',
  migrations: [],
  statements: {
    spin: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) AS n FROM n',
  },
};

test('a writer that does not answer is started again; what waited is refused and may be sent again', async (t) => {
  const buffer = await open(t, await tempDir(t), { tables: [slow], answerTimeoutMs: 200 });
  await buffer.append(entry(measurement('a', 1)));
  const batch = await claim(buffer);
  const stuck = buffer.read('slow.spin', [4_000_000]);
  const waiting = buffer.append(entry(measurement('a', 2)));
  assert.ok(batch);
  const unsettled = buffer.settle(batch, [{ is: 'accept' }]);
  await Promise.all([
    assert.rejects(stuck, { code: 'STORE_FAILED' }),
    assert.rejects(waiting, { code: 'STORE_FAILED', retryable: true }),
    assert.rejects(unsettled, { code: 'STORE_FAILED', retryable: true }),
  ]);
  await buffer.append(entry(measurement('a', 3)));
  await buffer.settle(batch, [{ is: 'accept' }]);
  assert.ok((await drain(buffer)).includes('a 1'), 'a loan of the lost writer comes again');
  assert.equal(buffer.fatal.aborted, false);
});

test('what follows on an entry that is not committed is refused with it, and nothing else is', async (t) => {
  const names = {
    name: 'names',
    migrations: ['CREATE TABLE names (name TEXT PRIMARY KEY) STRICT'],
    statements: { put: 'INSERT INTO names VALUES (?)' },
  };
  const buffer = await open(t, await tempDir(t), { tables: [names] });
  const put = (name: string): Entry['writes'] => [{ statement: 'names.put', params: [name] }];
  const followsOn = true;
  await buffer.write(put('taken'));
  const refused = { code: 'STORE_FAILED', retryable: true };
  await Promise.all([
    buffer.append({ ...entry(measurement('a', 1)), followsOn }),
    buffer.append({ ...entry(measurement('b', 1)), writes: put('alone') }),
    assert.rejects(buffer.append({ ...entry(measurement('a', 2)), followsOn, writes: put('taken') }), {
      code: 'INTERNAL',
    }),
    assert.rejects(
      buffer.append({ ...entry(), filtered: [{ device: 'a', reason: 'dedupe', count: 1 }], followsOn }),
      refused,
    ),
    buffer.append(entry(measurement('b', 2))),
    // More than one commit holds.
    ...Array.from({ length: 3 }, () =>
      assert.rejects(
        buffer.append({ ...entry(...Array.from({ length: 600 }, (_, n) => measurement('c', n))), followsOn }),
        refused,
      ),
    ),
    buffer.append(entry(measurement('b', 3))),
  ]);
  await buffer.append({ ...entry(measurement('a', 4)), followsOn });
  assert.deepEqual(await drain(buffer), ['a 1', 'b 1', 'b 2', 'b 3', 'a 4']);
  assert.equal((await buffer.status()).queuedBytes, 0);
});

test('a process that stood still itself does not take its writer for silent', async (t) => {
  const alarms: unknown[] = [];
  using _ = listen('alarm', (alarm) => alarms.push(alarm));
  const buffer = await open(t, await tempDir(t), { answerTimeoutMs: 200 });
  const waiting = buffer.append(entry(measurement('a', 1)));
  // The question is on its way before this thread stands still, as in a machine that is paused.
  await new Promise(setImmediate);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  await waiting;
  assert.deepEqual(alarms, []);
  assert.deepEqual(await drain(buffer), ['a 1']);
});

for (const [fault, heals] of [
  ['hang', 'the buffer writer stopped'],
  ['always', 'the buffer did not open'],
] as const) {
  test(`a commit of which nobody knows whether it is in the log is there once: fsync ${fault}`, async (t) => {
    const dir = await tempDir(t);
    const program = fileURLToPath(new URL('append-on-failing-disk.ts', import.meta.url));
    const shim = compileShim(fileURLToPath(new URL('../../shims/disk-fault.c', import.meta.url)));
    const env = { ...process.env, LD_PRELOAD: shim, DISK_FAULT_FILE: join(dir, 'order') };
    const { stdout } = await promisify(execFile)(process.execPath, [program, join(dir, 'data'), fault, heals], { env });
    assert.deepEqual(JSON.parse(stdout), { records: ['a 1', 'a 2'], accepted: 3, filtered: 1 });
  });
}

test('more than the queue may hold is refused, and nothing that was taken is lost', async (t) => {
  const buffer = await open(t, await tempDir(t), { limits: { queueBytes: 20_000 } });
  const answers = await Promise.allSettled(
    Array.from({ length: 500 }, (_, i) => buffer.append(entry(measurement('a', i)))),
  );
  const taken = answers.filter(({ status }) => status === 'fulfilled').length;
  const codes = new Set(answers.flatMap((a) => (a.status === 'rejected' ? [(a.reason as { code: string }).code] : [])));
  assert.deepEqual([...codes], ['OVERLOADED']);
  assert.equal((await drain(buffer)).length, taken);
});

test('closing commits what was appended, closes twice without harm, and refuses what comes later', async (t) => {
  const dir = await tempDir(t);
  const buffer = await open(t, dir);
  const last = buffer.append(entry(measurement('a', 1)));
  await Promise.all([buffer[Symbol.asyncDispose](), buffer[Symbol.asyncDispose]()]);
  await last;
  await assert.rejects(buffer.append(entry(measurement('a', 2))), { code: 'STORE_CLOSED' });
  assert.deepEqual(await drain(await open(t, dir)), ['a 1']);
});

test('a full disk holds the acknowledgements and lets them go when there is room', async (t) => {
  const dir = smallDisk(t, 4);
  if (dir === undefined) return;
  const alarms: boolean[] = [];
  const full = Promise.withResolvers<void>();
  using _ = listen('alarm', ({ code, active }) => {
    if (code !== 'disk-full') return;
    alarms.push(active);
    full.resolve();
  });
  const buffer = await open(t, join(dir, 'data'), { limits: { fileBytes: walReserveBytes + 64 * 1024 * 1024 } });
  await writeFile(join(dir, 'ballast'), Buffer.alloc(2 * 1024 * 1024));
  const acknowledged: number[] = [];
  let held: Promise<void> | undefined;
  for (let i = 0; alarms.length === 0; i++) {
    const noise = Array.from({ length: 200 }, (_, k) => Math.sin(i * 200 + k).toString(36)).join('');
    held = buffer.append(entry({ ...measurement('a', i), meta: { noise } })).then(() => void acknowledged.push(i));
    await Promise.race([held, full.promise]);
  }
  assert.deepEqual(alarms, [true]);
  const before = acknowledged.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(acknowledged.length, before, 'no acknowledgement while the disk is full');
  await rm(join(dir, 'ballast'));
  await held;
  assert.deepEqual(alarms, [true, false]);
  assert.equal((await drain(buffer)).length, acknowledged.length);
  assert.ok((await buffer.check()).ok);
  await buffer[Symbol.asyncDispose]();
});
