import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { openBuffer } from '../../../gateway/buffer/buffer.ts';
import { openFlowStore } from '../../../gateway/flows/flow-store.ts';
import { flowsTables } from '../../../gateway/flows/tables.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';

const program = fileURLToPath(new URL('deploy-until-killed.ts', import.meta.url));
const lives = 12;

test('whenever a deploy is killed, the flows are whole, with their own credentials, and none that was told is lost', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'portcullis-deploys-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  let told = 0;
  for (let life = 0; life < lives; life += 1) {
    const child = spawn(process.execPath, [program, dataDir, String(told + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const least = told + 1 + (life % 4);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) told = Number(line);
      if (told >= least) child.kill('SIGKILL');
    });
    await ended;
    await using buffer = await openBuffer(
      { dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [flowsTables] },
      { log: pino({ enabled: false }), clock: systemClock },
    );
    const files = openFlowStore(buffer, systemClock);
    const { flows, credentials, skipped } = await files.read();
    const nodes = JSON.parse(flows) as { name: string }[];
    const { $: generation } = JSON.parse(credentials) as { $: string };
    assert.ok(Number(generation) >= told, `generation ${told} was told, ${generation} is there`);
    assert.deepEqual([nodes.length, nodes[0]?.name, skipped], [2_000, `generation ${generation}`, []]);
    told = Number(generation);
    assert.ok((await files.generations()).length <= 20);
  }
  await using buffer = await openBuffer(
    { dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [flowsTables] },
    { log: pino({ enabled: false }), clock: systemClock },
  );
  const files = openFlowStore(buffer, systemClock);
  await files.restore(undefined, 'Ann');
  assert.deepEqual(JSON.parse((await files.read()).credentials), { $: String(told - 1) });
  await assert.rejects(files.restore(1_000_000, 'Ann'), { code: 'NOT_FOUND' });
});
