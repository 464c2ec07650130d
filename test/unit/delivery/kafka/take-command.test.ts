import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Buffer as Store } from '../../../../gateway/buffer/buffer.ts';
import { kafkaTables } from '../../../../gateway/delivery/kafka/tables.ts';
import { takeCommand } from '../../../../gateway/delivery/kafka/take-command.ts';
import { memoryCommands } from '../../../integration/memory-commands.ts';
import { claim, open, tempDir } from '../../buffer/buffer-fixture.ts';

const gateway = 'gw-test';
const ttlMs = 60_000;

const recordOf = (id: string, name = 'switch') => ({
  topic: 'portcullis.commands',
  key: 'lamp',
  value: JSON.stringify({ id, device: 'lamp', name, args: {}, ttlMs }),
  headers: new Map([['gateway', gateway]]),
  writtenMs: 0,
});

async function resultsIn(buffer: Store): Promise<string[]> {
  const batches = [await claim(buffer), await claim(buffer, { lane: 'urgent' })];
  const results = batches.flatMap((batch) => batch?.items ?? []).map(({ message }) => message.result);
  return results.map((result) => `${result?.command} ${result?.state}`);
}

test('a record that is read again after its offset was not committed adds no second result, also in the next life', async (t) => {
  const dataDir = await tempDir(t);
  const commands = memoryCommands();
  commands.unknown.add('fly');
  const read = async (buffer: Store, nowMs: number, id: string, name?: string) =>
    assert.ok(
      await takeCommand(recordOf(id, name), {
        gateway,
        commands,
        append: buffer.append,
        store: buffer,
        wallMs: () => nowMs,
      }),
    );
  const first = await open(t, dataDir, { tables: [kafkaTables] });
  await read(first, 0, 'done');
  commands.end('done', 'acked');
  await read(first, 0, 'refused', 'fly');
  await read(first, 2 * ttlMs, 'late');
  for (const id of ['done', 'late']) await read(first, 3 * ttlMs, id);
  await read(first, 0, 'refused', 'fly');
  await first[Symbol.asyncDispose]();

  const second = await open(t, dataDir, { tables: [kafkaTables] });
  for (const id of ['done', 'late', 'refused']) await read(second, 4 * ttlMs, id);
  assert.deepEqual(await resultsIn(second), ['refused failed', 'late expired']);
  assert.deepEqual(
    commands.kept.map(({ id }) => id),
    ['done'],
  );
});
