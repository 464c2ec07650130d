import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Aedes } from 'aedes';

const cli = join(import.meta.dirname, '../../../gateway/cli.ts');

function start(t: { after(clean: () => void): void }, args: readonly string[]) {
  const child = spawn(process.execPath, [cli, ...args]);
  t.after(() => void child.kill('SIGKILL'));
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...text }));
  return { child, text, ended };
}

test('portcullis cloud says where it is as JSON, listens, and ends at SIGTERM with exit code 0', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'portcullis-cloud-'));
  t.after(() => rm(data, { recursive: true }));
  const { child, text, ended } = start(t, ['cloud', '--port', '0', '--data', data, '--json']);
  while (!text.out.includes('\n')) await Promise.race([once(child.stdout, 'data'), ended]);
  const facts = JSON.parse(text.out) as Record<string, string>;
  assert.match(facts['url'] ?? '', /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.ok(existsSync(facts['secretFile'] ?? '') && existsSync(facts['caFile'] ?? ''));
  child.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 0, out: text.out, err: '' });
});

test('portcullis simulate runs the house against a broker for a while and says what it did', async (t) => {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    aedes.close();
  });
  const { port } = server.address() as AddressInfo;
  const { code, out, err } = await start(t, ['simulate', '--port', String(port), '--seconds', '1', '--json']).ended;
  assert.deepEqual([code, err], [0, '']);
  const counts = JSON.parse(out) as Record<string, number>;
  assert.ok((counts['devices'] ?? 0) >= 30 && (counts['sent'] ?? 0) > 0);
  assert.ok((counts['acked'] ?? 0) > 0);
});

test('a broker that is not there is one sentence and exit code 69, a wrong flag exit code 64', async (t) => {
  const unreachable = await start(t, ['simulate', '--port', '1']).ended;
  assert.equal(unreachable.code, 69);
  assert.match(unreachable.err, /^portcullis: The simulated house cannot connect to mqtt:\/\/127\.0\.0\.1:1: .*\n$/);
  assert.equal((await start(t, ['simulate', '--rate', '-1']).ended).code, 64);
  assert.equal((await start(t, ['cloud', '--port', '99999']).ended).code, 64);
});
