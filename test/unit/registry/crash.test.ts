import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';
import { onDisk, replay, state, takeChanges } from './registry-fixture.ts';

async function editAndKill(dataDir: string, life: number, least: number): Promise<string[]> {
  const program = fileURLToPath(new URL('edit-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, String(life)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged: string[] = [];
  for await (const id of createInterface(child.stdout)) {
    acknowledged.push(id);
    if (acknowledged.length === least) child.kill('SIGKILL');
  }
  assert.equal((await exited)[1], 'SIGKILL');
  return acknowledged;
}

test('kill -9 while editing: never a change without its event nor an event without its change', async (t) => {
  const dataDir = await tempDir(t);
  const acknowledged: string[] = [];
  for (const [life, least] of [30, 90, 61].entries()) acknowledged.push(...(await editAndKill(dataDir, life, least)));
  const { buffer, registry } = await onDisk(t, dataDir, systemClock);
  assert.deepEqual(replay(await takeChanges(buffer)), state(registry));
  for (const id of acknowledged) assert.equal(registry.find(id)?.name.startsWith('moved'), true, id);
});

test('10,000 devices come in with one import, in one commit, in bounded memory', async (t) => {
  const { buffer, registry } = await onDisk(t, await tempDir(t), systemClock);
  await registry.applyTemplate(
    { buildings: [{ name: 'Mill', floors: [] }], groups: [], deviceTemplates: {}, devices: [] },
    false,
  );
  const row = (n: number): string =>
    `z2m:0x${n.toString(16).padStart(16, '0')},Sensor number ${n},sensor,Mill,east wet\n`;
  const csv = `id,name,profile,place,tags\n${Array.from({ length: 10_000 }, (_, n) => row(n)).join('')}`;
  const before = process.memoryUsage().rss;
  const cpu = process.cpuUsage();
  const report = await registry.importDevices(csv, false);
  const { user, system } = process.cpuUsage(cpu);
  const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
  t.diagnostic(`${((user + system) / 1e6).toFixed(2)} s of processor time, ${grown.toFixed(0)} MiB`);
  assert.deepEqual(report, { created: 10_000, updated: 0, unchanged: 0 });
  assert.ok(grown < 256);
  assert.equal((await takeChanges(buffer)).length, 10_001);
  await assert.rejects(registry.importDevices(`${csv}one,more,,,\n`, false), { message: /at most 10000 devices/ });
});
