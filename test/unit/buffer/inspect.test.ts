import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inspectBuffer } from '../../../gateway/buffer/inspect.ts';
import { accept, claim, entry, measurement, open, settleAll, tempDir } from './buffer-fixture.ts';

test('a running buffer can be read from outside: status, records, balance and outages', async (t) => {
  const dir = await tempDir(t);
  const buffer = await open(t, dir);
  await buffer.append(entry(measurement('a', 1), measurement('b', 2, 'alarm')));
  await buffer.outageStarted('cloud');
  await buffer.append(entry(measurement('a', 3), measurement('a', 4)));
  await buffer.outageEnded('cloud');
  await settleAll(buffer, await claim(buffer, { records: 2 }), accept);
  await buffer.append(entry(measurement('a', 5)));

  using reader = inspectBuffer(dir);
  assert.deepEqual(
    [...reader.records()].map(({ lsn, lane }) => [lsn, lane]),
    [
      [1, 'urgent'],
      [2, 'normal'],
      [3, 'normal'],
      [4, 'normal'],
      [5, 'normal'],
    ],
  );
  const { balanced, sinks, outages } = reader.ledger();
  assert.ok(balanced);
  assert.deepEqual([sinks[0]?.accepted, sinks[0]?.delivered, sinks[0]?.buffered], [5, 2, 3]);
  assert.deepEqual(
    outages.map(({ captured, delivered, gone }) => [captured, delivered, gone]),
    [[2, 1, 0]],
  );
  assert.ok(reader.check().ok);
  assert.equal(reader.status().lastLsn, 5);
});

test('a missing buffer is one clear error', async (t) => {
  const dir = await tempDir(t);
  assert.throws(() => inspectBuffer(dir), { code: 'FILE_UNREADABLE' });
});

test('the commands report in words and in JSON from another process', async (t) => {
  const dir = await tempDir(t);
  const buffer = await open(t, dir);
  await buffer.append(entry(measurement('a', 1)));
  const cli = fileURLToPath(new URL('../../../gateway/cli.ts', import.meta.url));
  const run = (...args: string[]): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, [cli, ...args]);
  const status = await run('buffer', 'status', '--data', dir);
  const ledger = await run('ledger', '--data', dir, '--json', '--verify');
  assert.match(status.stdout, /cloud +1 buffered, 0 delivered/);
  const report = JSON.parse(ledger.stdout) as { balanced: boolean; check: { ok: boolean } };
  assert.deepEqual([report.balanced, report.check.ok], [true, true]);
});
