import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort } from '../harness/free-port.ts';

const demo = join(import.meta.dirname, '../../simulator/demo.ts');

/** Runs the demo as `npm start` does, on free ports, until it stops by itself. */
async function run(
  t: TestContext,
  data: string,
  ...more: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const flags = ['--data', data, ...more];
  for (const flag of ['--mqtt-port', '--tls-port', '--http-port', '--cloud-port']) {
    flags.push(flag, String(await freePort()));
  }
  const child = spawn(process.execPath, [demo, ...flags]);
  t.after(() => child.kill('SIGKILL'));
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

test('npm start: the real gateway brings what the house says to the cloud, also at a second start', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'portcullis-demo-'));
  t.after(() => rm(data, { recursive: true, force: true, maxRetries: 5 }));
  for (const start of ['first', 'second']) {
    const { code, out, err } = await run(t, data, '--seconds', '3', '--rate', '10');
    assert.equal(err, '', start);
    assert.equal(code, 0, start);
    assert.match(
      out,
      /Stopped after \d+ s: [1-9]\d* accepted = [1-9]\d* delivered \+ 0 buffered \+ \d+ filtered \+ 0 dead-lettered, ledger balanced ✓/,
    );
    assert.match(out, /the cloud took [1-9]\d* reports.* ✓\.\n$/);
  }
});
